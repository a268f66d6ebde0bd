/** `spillway check` on hosts of their own: what it says of healthy listeners and of those that turn clients away. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { StalledListener } from '#services/exporter/fixtures/stalled-listener.ts'
import { unprivileged } from '#services/exporter/fixtures/unprivileged.ts'
import { CheckHost, CLIENTS, computes, findingsIn, linesOf, NODE_SERVER, run, spillway } from './support/check-host.ts'

const node = process.execPath
const main = path.resolve(import.meta.dirname, '../cli/main.ts')

/** Looks until a finding is there: connecting takes as long as the machine lets it. */
const found = async (host: CheckHost, code: string, ...args: string[]) =>
  eventually(
    `${code} is found`,
    () => host.check('--json', ...args),
    (said) => findingsIn(said).some((finding) => finding.code === code),
  )

test('a healthy host gets a calm line for each listener, says that nothing is wrong, and ends with status 0', async () => {
  await using host = await CheckHost.start()
  host.start(node, ['-e', NODE_SERVER, '8080', '-'])
  host.start(node, ['-e', NODE_SERVER, '8081', '2000'])
  await host.listens(8080)
  await host.listens(8081)
  const { code, stdout, stderr } = await host.check()
  assert.deepEqual([code, stderr], [0, ''], stdout)
  assert.match(stdout, /^127\.0\.0\.1:8080 +Node +0 +511 +its default +0$/m)
  assert.match(stdout, /^127\.0\.0\.1:8081 +Node +0 +2,000 +its program +0$/m)
  assert.match(stdout, /^Nothing is wrong: no client waits, and none is turned away\. 2 listeners/m)
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  assert.ok(!stdout.includes('\u001b'), 'no colour where nobody looks')
  const json = await host.check('--json')
  assert.deepEqual(findingsIn(json), [])
  const [listener] = linesOf(json)
  assert.equal(listener?.limit_set_by, 'default')
})

test('a loop that computes for ever is named as the cause of a full queue, with the process', async () => {
  await using host = await CheckHost.start()
  const server = host.start(node, ['-e', NODE_SERVER, '8080', '3', 'spin'])
  await host.listens(8080)
  await computes(server.pid)
  host.start(node, ['-e', CLIENTS, '8080', '8'])
  const said = await found(host, 'all-shards-stalled')
  assert.equal(said.code, 1)
  const [first] = findingsIn(said)
  assert.equal(first?.code, 'all-shards-stalled')
  assert.equal(first.severity, 'critical')
  assert.match(first.says, new RegExp(`^4 of 4 wait.*Node \\(${server.pid}\\).*computes`))
  assert.ok(first.mends.some(({ line }) => line === 'server.listen({ port: 8080, backlog: 1024 })'))
  const text = await host.check()
  for (const line of text.stdout.split('\n').filter((line) => !line.includes('server.listen')))
    assert.ok(line.length <= 80, line)
})

test('a loop that is blocked without computing is told from one that computes', async () => {
  await using host = await CheckHost.start()
  host.start(node, ['-e', NODE_SERVER, '8080', '3', 'sleep'])
  await host.listens(8080)
  host.start(node, ['-e', CLIENTS, '8080', '8'])
  const [first] = findingsIn(await found(host, 'all-shards-stalled'))
  assert.match(first?.says ?? '', /takes hardly any CPU time.*blocks its loop/)
})

test('a process that is stopped by a signal is named, with the line that continues it', async () => {
  await using host = await CheckHost.start()
  const server = host.start(node, ['-e', NODE_SERVER, '8080', '100'])
  await host.listens(8080)
  server.kill('SIGSTOP')
  host.start(node, ['-e', CLIENTS, '8080', '3'])
  const [first] = findingsIn(await found(host, 'all-shards-stalled'))
  assert.match(first?.says ?? '', /3 of 101 wait.*stopped by a signal/)
  assert.deepEqual(
    first?.mends.map(({ line }) => line),
    [`kill -CONT ${server.pid}`],
  )
})

test('a backlog that somaxconn cut is found without any load, with the line that raises it', async () => {
  await using host = await CheckHost.start({ 'net.core.somaxconn': 128 })
  host.start(node, ['-e', NODE_SERVER, '8080', '-'])
  await host.listens(8080)
  const said = await host.check('--json')
  assert.equal(said.code, 1)
  const [first, ...others] = findingsIn(said)
  assert.deepEqual(
    [first?.code, first?.severity, first?.sure, others.length],
    ['backlog-clamped', 'warning', 'likely', 0],
  )
  assert.equal(first?.mends[0]?.line, 'sysctl -w net.core.somaxconn=511')
  assert.equal((await host.check('--fail-on', 'critical')).code, 0)
})

test('what a listener has dropped before is told after it is over', async () => {
  await using host = await CheckHost.start()
  const server = host.start(node, ['-e', NODE_SERVER, '8080', '3'])
  await host.listens(8080)
  server.kill('SIGSTOP')
  const clients = host.start(node, ['-e', CLIENTS, '8080', '12'])
  await found(host, 'all-shards-stalled')
  await eventually(
    'some were dropped',
    async () => (await host.run('ss', ['-Hltnm', 'sport', '=', ':8080'])).stdout,
    (text) => /d[1-9]\d*\)/.test(text),
  )
  clients.kill('SIGKILL')
  server.kill('SIGCONT')
  const said = await found(host, 'backlog-small')
  const told = findingsIn(said).find(({ code }) => code === 'backlog-small')
  assert.match(told?.says ?? '', /dropped here in the .* since Node started.* holds only 4/)
  assert.equal(said.code, 1)
})

test('expectations are met or not, with the numbers that were found; the status tells a CI', async () => {
  await using host = await CheckHost.start()
  host.start(node, ['-e', NODE_SERVER, '8080', '-'])
  await host.listens(8080)
  const met = await host.check('--expect', 'port=8080 backlog>=511 shards=1')
  assert.equal(met.code, 0, met.stdout)
  assert.match(
    met.stdout,
    /^met {6}port=8080 backlog>=511 shards=1: 127\.0\.0\.1:8080 \(Node\): backlog 511, 1\n? *shard/m,
  )
  const low = await host.check('--expect', 'port=8080 backlog>=1024', '--json')
  assert.equal(low.code, 1)
  assert.match(String(linesOf(low).find(({ type }) => type === 'expectation')?.words), /backlog of 511.*Node's default/)
  const none = await host.check('--expect', 'port=8081 backlog>=1')
  assert.equal(none.code, 1)
  assert.match(none.stdout, /Nothing listens there/)
})

test('the JUnit file holds a case for each expectation and each finding', async () => {
  await using host = await CheckHost.start({ 'net.core.somaxconn': 128 })
  host.start(node, ['-e', NODE_SERVER, '8080', '-'])
  await host.listens(8080)
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-check-')), 'check.xml')
  await host.check('--expect', 'port=8080 backlog>1', '--junit', file)
  const xml = fs.readFileSync(file, 'utf8')
  fs.rmSync(path.dirname(file), { recursive: true })
  assert.match(xml, /<testsuites name="spillway check" tests="2" failures="1" errors="0">/)
  assert.match(xml, /<testcase classname="spillway.check.expectations" name="port=8080 backlog&gt;1" time="0"\/>/)
  assert.match(xml, /name="backlog-clamped 127\.0\.0\.1:8080 Node" time="0">\s+<failure type="warning"/)
})

test('an ordinary user sees every listener, and is told what may not be seen', async (t) => {
  if (process.getuid?.() !== 0) {
    t.skip('only root can become another user')
    return
  }
  using listener = new StalledListener(2)
  listener.connect(5)
  const [command, args] = unprivileged(main, ['check', '--port', String(listener.port)])
  const said = await eventually(
    'it is found full',
    () => run(command, args),
    ({ stdout }) => stdout.includes('3 of 3 wait'),
  )
  assert.equal(said.code, 1)
  assert.match(said.stdout, /who\s+should\s+accept\s+cannot\s+be\s+seen\s+by\s+this\s+user/)
  assert.match(said.stdout, new RegExp(`^127\\.0\\.0\\.1:${listener.port} +– +3 +2`, 'm'))
})

test('another namespace is looked at by the process in it, and told by the name it is given', async () => {
  await using host = await CheckHost.start()
  host.start(node, ['-e', NODE_SERVER, '8080', '-'])
  await host.listens(8080)
  const said = await run(spillway, ['check', '--netns', `there=${host.pid}`, '--json'])
  const listener = linesOf(said).find(({ type }) => type === 'listener')
  assert.deepEqual(
    [said.code, listener?.netns, listener?.port, listener?.process],
    [0, 'there', 8080, 'Node'],
    said.stderr,
  )
})

test('ten thousand listeners are all told, for a few seconds of CPU time', async () => {
  await using host = await CheckHost.start()
  const many = `const net = require('node:net'); let i = 0
    for (let n = 0; n < 10000; n++) net.createServer().listen(20000 + n, '127.0.0.1', () => { if (++i === 10000) console.log('all') })`
  // Files for all of them, however few this user may open by default.
  host.start('prlimit', ['--nofile=12000:12000', node, '-e', many])
  await eventually(
    'all listen',
    async () => (await host.run('ss', ['-Hltn'])).stdout.split('\n').length - 1,
    (count) => count === 10_000,
    { everyMs: 500 },
  )
  const timed = await host.run('bash', ['-c', `TIMEFORMAT='cpu %U %S'; time "${spillway}" check --json | tail -n 1`])
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(timed.stderr) ?? []
  const summary: { listeners: number } = JSON.parse(timed.stdout)
  assert.equal(summary.listeners, 10_000)
  // CPU time, not the clock: beside others it has to wait. Half of this is usual on a busy machine.
  assert.ok(Number(user) + Number(system) < 6, timed.stderr)
})

test('what cannot be looked at ends with status 2 and a sentence', async () => {
  const nowhere = await run(spillway, ['check', '--netns', 'no-such-namespace'])
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.stderr, /no-such-namespace/)
  await using host = await CheckHost.start()
  const port = await host.check('--port', '9')
  assert.equal(port.code, 2)
  assert.match(port.stderr, /^spillway: Nothing listens at port 9\n/)
})
