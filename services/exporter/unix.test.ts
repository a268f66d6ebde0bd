/** UNIX listeners of this namespace: what the exporter shows beside what their clients meet and what `ss` says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { unixAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { type StartedExporter, startExporter } from './exporter.ts'
import { Child } from './fixtures/child.ts'
import { page } from './fixtures/exported.ts'
import { without } from './fixtures/tool.ts'
import { UnixClients } from './fixtures/unix-clients.ts'
import type { UnixListenerSample } from './snapshot.ts'

let folder = ''
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-unix-'))
})
after(() => fs.rmSync(folder, { recursive: true }))

const start = (): Promise<StartedExporter> => startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })

async function listenersOf(exporter: StartedExporter, name: string): Promise<UnixListenerSample[]> {
  const [namespace] = (await exporter.look()).namespaces
  assert.ok(namespace?.unixListeners, 'UNIX listeners are exported')
  return namespace.unixListeners.filter(({ path }) => path === name)
}

/** A listener of this process that accepts nobody; the name as bind() takes it. */
function stalled(name: string, backlog: number): Disposable {
  const fd = libc.socket(libc.AF_UNIX, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, 'Opening a listener')
  libc.bind(fd, unixAddress(Buffer.from(name)), 'Binding a listener')
  libc.listen(fd, backlog, 'Listening')
  return { [Symbol.dispose]: () => libc.close(fd) }
}

test('a full UNIX listener shows its queue, its limit, its peak, its time at full and its owner, as ss does', async () => {
  await using exporter = await start()
  const name = path.join(folder, 'full.sock')
  using _listener = stalled(name, 2)
  using clients = new UnixClients(name)
  assert.deepEqual(await clients.connect(5), ['connected', 'connected', 'connected', 'EAGAIN', 'EAGAIN'])
  const [seen] = await eventually(
    'its owner is known and time has passed',
    () => listenersOf(exporter, name),
    ([one]) => one !== undefined && one.pids.length > 0 && one.atLeastSeconds['1'] > 0,
  )
  assert.ok(seen)
  const { length, limit, peak, type, shard, uid, pids, process: command } = seen
  assert.deepEqual(
    { length, limit, peak, type, shard, uid, pids, command },
    {
      length: 3,
      limit: 2,
      peak: 3,
      type: 'stream',
      shard: 1,
      uid: process.getuid?.(),
      pids: [process.pid],
      command: 'node',
    },
  )
  assert.ok(seen.fullSecondsInWindow > 0 && seen.atLeastSeconds['0.5'] >= seen.atLeastSeconds['1'])
  const row = execFileSync('ss', ['-xlnH', `src = ${name}`], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
  assert.deepEqual(row.slice(2, 4), [String(length), String(limit)])
})

test('a listener that is nearly full is not full, and one that nobody fills has no time at any share', async () => {
  await using exporter = await start()
  const name = path.join(folder, 'nearly.sock')
  using _listener = stalled(name, 9)
  using _idle = stalled(path.join(folder, 'idle.sock'), 9)
  using clients = new UnixClients(name)
  await clients.connect(9)
  const [nearly] = await eventually(
    'time has passed',
    () => listenersOf(exporter, name),
    ([one]) => (one?.atLeastSeconds['0.9'] ?? 0) > 0,
  )
  assert.equal(nearly?.atLeastSeconds['1'], 0)
  const [idle] = await listenersOf(exporter, path.join(folder, 'idle.sock'))
  assert.deepEqual([idle?.length, idle?.peak, idle?.atLeastSeconds], [0, 0, { '0.5': 0, '0.9': 0, '1': 0 }])
})

test('the peak remains when the clients have been accepted or the queue was full for a moment only', async () => {
  await using exporter = await start()
  const name = path.join(folder, 'peak.sock')
  const fd = libc.socket(
    libc.AF_UNIX,
    libc.SOCK_STREAM | libc.SOCK_CLOEXEC | libc.SOCK_NONBLOCK,
    0,
    'Opening a listener',
  )
  try {
    libc.bind(fd, unixAddress(Buffer.from(name)), 'Binding a listener')
    libc.listen(fd, 4, 'Listening')
    using clients = new UnixClients(name)
    await clients.connect(4)
    assert.equal((await listenersOf(exporter, name))[0]?.length, 4)
    for (let taken = 0; taken < 4; taken++) libc.close(libc.acceptIfAny(fd, 'Accepting')!)
    const [later] = await listenersOf(exporter, name)
    assert.deepEqual([later?.length, later?.peak], [0, 4])
  } finally {
    libc.close(fd)
  }
})

test('two listeners of one path have different shards, and a name with a line end breaks no line', async () => {
  await using exporter = await start()
  const twice = path.join(folder, 'twice.sock')
  using _old = stalled(twice, 1)
  fs.unlinkSync(twice) // as a server does that is to take over
  using _young = stalled(twice, 2)
  const odd = `\0spill\nway "${process.pid}"\\`
  using _odd = stalled(odd, 3)
  await eventually(
    'it is known whose they are, which decides about their numbers',
    () => listenersOf(exporter, twice),
    (found) => assert.deepEqual(found.map(({ shard }) => shard).sort(), [1, 2]),
  )
  const text = await page(exporter, '/metrics')
  const written = `@spill\\\\x0away \\"${process.pid}\\"\\\\\\\\`
  const row = text
    .split('\n')
    .find((line) => line.startsWith('unix_listener_accept_queue_limit{') && line.includes(written))
  assert.ok(row?.endsWith(`path="${written}",shard="1"} 3`), row)
  for (const line of text.split('\n')) assert.match(line, /^($|# (HELP|TYPE) |\w+(\{.*\})? \S+$)/)
})

test('a listener that has closed is no longer shown', async () => {
  await using exporter = await start()
  const name = `\0spillway-closed-${process.pid}`
  const listener = stalled(name, 1)
  assert.equal((await listenersOf(exporter, name.replace('\0', '@'))).length, 1)
  listener[Symbol.dispose]()
  await eventually(
    'it is gone',
    () => listenersOf(exporter, name.replace('\0', '@')),
    (found) => found.length === 0,
  )
})

test('of gunicorn, busy with one request, the exporter shows the requests that wait when nginx would get EAGAIN', {
  skip: without('gunicorn'),
}, async () => {
  await using exporter = await start()
  const name = path.join(folder, 'gunicorn.sock')
  fs.writeFileSync(
    path.join(folder, 'app.py'),
    'import time\ndef app(environ, answer):\n    time.sleep(600)\n    answer("200 OK", [])\n    return [b""]\n',
  )
  await using server = new Child('gunicorn', [
    ...['--bind', `unix:${name}`, '--backlog', '4', '--workers', '1', '--timeout', '0', '--graceful-timeout', '1'],
    ...['--chdir', folder, 'app:app'],
  ])
  await server.line(/Booting worker/)
  using clients = new UnixClients(name)
  const request = 'GET / HTTP/1.0\r\n\r\n'
  assert.deepEqual(await clients.connect(1, request), ['connected'])
  await eventually(
    'the worker has taken it',
    () => listenersOf(exporter, name),
    ([one]) => one?.length === 0,
  )
  // Five fit with backlog 4, unless the worker has not come to accept the first yet when the others arrive.
  const outcomes = await clients.connect(39, request)
  const refused = outcomes.filter((outcome) => outcome === 'EAGAIN').length
  const [seen] = await eventually(
    'its processes are known',
    () => listenersOf(exporter, name),
    ([one]) => (one?.pids.length ?? 0) === 2,
  )
  assert.deepEqual([seen?.length, seen?.limit, seen?.peak], [5, 4, 5])
  assert.equal(39 - refused, 5)
  assert.match(seen?.process ?? '', /gunicorn/)
  assert.ok(seen?.pids.includes(server.pid), 'the master and its worker hold the socket')
  await server.kill('SIGTERM')
})
