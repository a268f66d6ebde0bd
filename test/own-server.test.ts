/** Somebody's server in a lab in place of our backends: found through the kernel, broken and mended without its cooperation. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { UsageError } from '#common/errors.ts'
import { eventually } from '#common/waiting.ts'
import { findQuotaPlace } from '#kernel/cpu-quota.ts'
import { Lab } from '#lab/lab.ts'
import type { Told } from '#lab/told.ts'
import * as servers from './support/own-servers.ts'
import { labWith, type OwnServerRecipe } from './support/own-servers.ts'
import { listener, listeners } from './support/readings.ts'
import { skipWithout } from './support/tools.ts'

const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-own-'))
fs.chmodSync(made, 0o755) // a server may drop its privileges
after(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 }))
function folder(): string {
  const at = fs.mkdtempSync(path.join(made, 'server-'))
  fs.chmodSync(at, 0o755)
  return at
}

const missing = ({ needs }: OwnServerRecipe): string | false =>
  Object.keys(needs)
    .map(skipWithout)
    .find((reason) => reason !== false) ?? false

const burst = (connections: number) =>
  ({ kind: 'connections', arrivals: { shape: 'burst', connections }, timeoutMs: 300_000 }) as const

/** Who accepts at each socket, once each has so many. */
const accepting = (lab: Lab, each: readonly number[]): Promise<Told[]> =>
  eventually(
    `${each.join(', ')} processes accept`,
    () => Promise.all(lab.backends.map((backend) => backend.told())),
    (told) =>
      assert.deepEqual(
        told.map(({ processes }) => processes.length),
        each,
      ),
  )

interface Found {
  name: string
  server: OwnServerRecipe
  mode: string
  /** Of each socket: its limit, and how many processes accept at it. */
  sockets: [limit: number, acceptors: number][]
}

const found: Found[] = [
  { name: 'gunicorn with three workers', server: servers.gunicorn('-w', '3'), mode: 'shared', sockets: [[2048, 3]] },
  {
    name: 'nginx that is a daemon, with a socket for each worker',
    server: servers.nginx('reuseport'),
    mode: 'sharded',
    sockets: [
      [511, 1],
      [511, 1],
    ],
  },
  {
    name: 'nginx on a port of its own choice',
    server: servers.nginx('backlog=77', { port: '8099' }),
    mode: 'shared',
    sockets: [[77, 2]],
  },
  {
    name: 'nginx at all addresses of both families',
    server: servers.nginx('backlog=44; listen [::]:8080 backlog=33'),
    mode: 'shared',
    sockets: [[44, 2]],
  },
  { name: 'HAProxy with a master', server: servers.haproxy(), mode: 'single', sockets: [[64, 1]] },
  { name: 'uWSGI', server: servers.uwsgi('--processes', '2'), mode: 'shared', sockets: [[100, 2]] },
  { name: 'a cluster of Node', server: servers.nodeCluster(), mode: 'single', sockets: [[511, 1]] },
  { name: 'a server in Go', server: servers.goServer(), mode: 'single', sockets: [[4096, 1]] },
  { name: 'http.server of Python', server: servers.httpServer(), mode: 'single', sockets: [[5, 1]] },
  { name: 'Redis, which speaks no HTTP', server: servers.redis(), mode: 'single', sockets: [[511, 1]] },
]

for (const { name, server, mode, sockets } of found)
  test(`${name} is found with its sockets, limits and acceptors, and stalled and released`, {
    skip: missing(server),
  }, async () => {
    await using lab = await Lab.start(labWith(server, folder()))
    await accepting(
      lab,
      sockets.map(([, acceptors]) => acceptors),
    )
    assert.equal((await lab.backend(1).told()).mode, mode)
    const rows = await eventually(
      'the exporter shows each socket',
      () => listeners(lab),
      (rows) => assert.equal(rows.length, sockets.length),
    )
    assert.deepEqual(
      rows.map(({ limit }) => limit),
      sockets.map(([limit]) => limit),
    )
    const served = await (await lab.clients.start(burst(20))).done()
    assert.equal(served.outcomes.ok, 20)

    for (const backend of lab.backends) await backend.stall()
    assert.ok((await lab.backend(1).told()).faults.stalled)
    // No more than fit: nobody is turned away, and nobody is served.
    const fit = Math.min(...sockets.map(([limit]) => limit + 1), 30)
    const waiting = await lab.clients.start(burst(fit))
    await eventually(
      'they all wait',
      () => listeners(lab),
      (rows) =>
        assert.equal(
          rows.reduce((sum, { length }) => sum + length, 0),
          fit,
        ),
    )
    for (const backend of lab.backends) await backend.release()
    assert.equal((await waiting.done()).outcomes.ok, fit)
  })

test('one worker of several stops alone, and the others go on', { skip: skipWithout('gunicorn') }, async () => {
  await using lab = await Lab.start(labWith(servers.gunicorn('-w', '2'), folder()))
  await accepting(lab, [2])
  await lab.backend(1).set({ stalled: true }, 0)
  const { processes, faults } = await lab.backend(1).told()
  assert.deepEqual(
    processes.map((process) => process.faults.stalled),
    [true, false],
  )
  assert.ok(!faults.stalled, 'somebody accepts')
  assert.equal((await (await lab.clients.start(burst(20))).done()).outcomes.ok, 20)
})

test('a server that heeds no order to stop can be killed meanwhile, and started again', async () => {
  const deaf =
    "process.on('SIGTERM', () => {}); require('node:http').createServer((q, r) => r.end('x')).listen(process.env.PORT)"
  await using lab = await Lab.start({ server: { name: 'deaf', command: [process.execPath, '-e', deaf] } })
  const backend = lab.backend(1)
  const stopping = backend.order('stop')
  await backend.stall() // nor do other orders wait
  await backend.release()
  await backend.kill()
  await stopping
  await backend.restart()
  assert.equal((await (await lab.clients.start(burst(5))).done()).outcomes.ok, 5)
})

test('a socket of nginx stalls with its own worker alone', { skip: skipWithout('nginx') }, async () => {
  await using lab = await Lab.start(labWith(servers.nginx('reuseport'), folder()))
  // Until its workers are there, the master holds both.
  await eventually(
    'each socket has a worker of its own',
    () => Promise.all([1, 2].map((number) => lab.backend(number).told())),
    (told) => assert.equal(new Set(told.flatMap(({ processes }) => processes.map(({ pid }) => pid))).size, 2),
  )
  await lab.backend(2).stall()
  assert.deepEqual(
    (await accepting(lab, [1, 1])).map(({ faults }) => faults.stalled),
    [false, true],
  )
})

test('a reload replaces the workers, and keeps the socket and whoever waits there', {
  skip: skipWithout('nginx'),
}, async () => {
  await using lab = await Lab.start(labWith(servers.nginx(), folder()))
  const [before] = await accepting(lab, [2])
  await lab.backend(1).order('reload')
  const pids = new Set(before?.processes.map(({ pid }) => pid))
  const after = await eventually(
    'two other workers accept',
    () => lab.backend(1).told(),
    ({ processes }) => {
      assert.equal(processes.length, 2)
      assert.ok(processes.every(({ pid }) => !pids.has(pid)))
    },
  )
  assert.equal(after.listener?.cookie, before?.listener?.cookie)
})

test('a kill ends all its processes, a restart brings it back as the same shard', {
  skip: skipWithout('nginx'),
}, async () => {
  await using lab = await Lab.start(labWith(servers.nginx(), folder()))
  await lab.backend(1).kill()
  assert.equal((await lab.backend(1).told()).runs, false)
  assert.equal((await (await lab.clients.start(burst(3))).done()).outcomes.refused, 3)
  assert.equal(lab.serverEnd, undefined, 'it was asked for')
  await lab.backend(1).restart()
  await eventually(
    'it is shard 1 again',
    () => listener(lab, 1),
    ({ limit }) => assert.equal(limit, 511),
  )
  assert.equal((await (await lab.clients.start(burst(3))).done()).outcomes.ok, 3)
})

test('it is held to a share of a CPU with all that it starts, where this machine can, and nothing of that is left', {
  skip: skipWithout('gunicorn'),
}, async () => {
  const name = `spillway-probe-${process.pid}`
  const place = findQuotaPlace(name)
  const cgroups = (): string[] =>
    typeof place === 'string' ? [] : fs.readdirSync(place.folder).filter((entry) => entry.startsWith('spillway-'))
  const before = new Set(cgroups())
  {
    await using lab = await Lab.start(labWith(servers.gunicorn('-w', '2'), folder()))
    const [told] = await accepting(lab, [2])
    if (typeof place === 'string') {
      assert.deepEqual(told?.cpu, { missing: place })
      await assert.rejects(lab.backend(1).slow(10), /A CPU quota cannot be set here/)
      return
    }
    assert.deepEqual(told?.cpu, { percent: 0 })
    await lab.backend(1).slow(10)
    const [made = ''] = cgroups().filter((entry) => !before.has(entry))
    const held = (): number =>
      fs
        .readFileSync(path.join(place.folder, made, 'cgroup.procs'), 'utf8')
        .trim()
        .split('\n').length
    assert.equal(held(), 3, 'gunicorn and both workers')
    assert.deepEqual((await lab.backend(1).told()).cpu, { percent: 10 })
    await lab.backend(1).restart()
    await accepting(lab, [2])
    await eventually('what was started since is held too', held, (processes) => processes === 3)
    await lab.backend(1).slow(0)
    assert.deepEqual((await lab.backend(1).told()).cpu, { percent: 0 })
  }
  assert.deepEqual(
    cgroups().filter((entry) => !before.has(entry)),
    [],
  )
})

test('a stop in order lets a server finish, and is no failure of it', { skip: skipWithout('gunicorn') }, async () => {
  await using lab = await Lab.start(labWith(servers.gunicorn(), folder()))
  await lab.backend(1).order('stop')
  assert.equal((await lab.backend(1).told()).runs, false)
  assert.equal(lab.serverEnd, undefined)
})

test('where no reload is known the answer says how to name one', async () => {
  await using lab = await Lab.start(labWith(servers.nodeCluster(), folder()))
  await assert.rejects(lab.backend(1).order('reload'), /is reloaded is not known.*--reload 'kill -HUP \{pid\}'/s)
})

test('a server that ends unasked is reported with its last words, and the lab goes on', async () => {
  const script =
    'require("node:http").createServer(() => { console.error("out of cheese"); process.exit(7) }).listen(process.env.PORT, process.env.HOST)'
  await using lab = await Lab.start({ server: { name: 'mine', command: [process.execPath, '-e', script] } })
  await (await lab.clients.start(burst(1))).done()
  const end = await eventually(
    'its end is known',
    () => lab.serverEnd,
    (end) => end !== undefined,
  )
  assert.equal(end?.how, 'status 7\nout of cheese')
  await lab.backend(1).restart()
  assert.notEqual((await lab.backend(1).told()).listener, null)
})

const refused: [what: string, command: string[], problem: RegExp, remedy: RegExp, options?: { onlyPort: boolean }][] = [
  ['is not installed', ['no-such-server'], /no program no-such-server on the PATH/, /Install it/],
  [
    'ends at once',
    ['sh', '-c', 'echo wrong configuration >&2; exit 3'],
    /ended before it listened \(status 3\)/,
    /Its last words:\n {2}wrong configuration/,
  ],
  [
    'listens where no client comes',
    [process.execPath, '-e', 'require("node:net").createServer().listen(8080, "127.0.0.1")'],
    /listens on 127\.0\.0\.1:8080, which clients of the lab cannot reach/,
    /Have it listen on 198\.18\.0\.2:8080: \{address\} and \{port\}/,
  ],
  [
    'listens on several ports',
    [process.execPath, '-e', 'for (const port of [7001, 7002]) require("node:net").createServer().listen(port)'],
    /several ports \(7001, 7002\), and none of them is 8080/,
    /--port N/,
  ],
]
for (const [what, command, problem, remedy] of refused)
  test(`a server that ${what} is refused in a sentence that says what to do`, async () => {
    await assert.rejects(Lab.start({ server: { name: 'mine', command } }), (error) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, problem)
      assert.match(error.remedy ?? '', remedy)
      return true
    })
  })

test('a server is ready when its path answers, not before', async () => {
  const script = `let asked = 0
require('node:http').createServer((request, response) => {
  response.statusCode = request.url === '/up' && ++asked < 4 ? 503 : 200
  response.end(String(asked))
}).listen(process.env.PORT, process.env.HOST)`
  const output = path.join(folder(), 'output')
  await using lab = await Lab.start({
    server: { name: 'mine', command: [process.execPath, '-e', script], ready: '/up', output },
  })
  const { stdout } = await lab.run(['curl', '-s', `http://${lab.plan.address}:${lab.plan.port}/count`])
  assert.equal(stdout, '4')
  assert.ok(fs.existsSync(output), 'what it writes is kept where it was asked for')
})
