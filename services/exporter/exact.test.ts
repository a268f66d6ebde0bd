/** What BPF tells of each listener, in the exporter: held against what the kernel tells otherwise, and absent where it cannot be had. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { whyNoBpf } from '#kernel/bpf/listeners.ts'
import { type Client, Listener } from '#kernel/fixtures/sockets.ts'
import { deferAccept } from '#kernel/listener.ts'
import { steer } from '#kernel/reuseport.ts'
import { type StartedExporter, startExporter } from './exporter.ts'
import { Child, fixture } from './fixtures/child.ts'
import { page } from './fixtures/exported.ts'
import { unprivileged } from './fixtures/unprivileged.ts'
import { ExactReadings, type ExactTarget } from './sampler/exact-readings.ts'
import type { ListenerSample, Snapshot } from './snapshot.ts'

// No tool that one could install: a host may refuse BPF to everybody.
const skip = whyNoBpf() ?? false

const start = (exact: 'on' | 'off'): Promise<StartedExporter> =>
  startExporter({ exact, listen: { host: '127.0.0.1', port: 0 }, log: () => {} })

const shardsOf = ({ namespaces }: Snapshot, port: number): ListenerSample[] =>
  namespaces.flatMap(({ listeners }) => listeners.filter((listener) => listener.port === port))

test('half-open requests are those of each shard, and add up to those of the port', { skip }, async () => {
  const first = new Listener({ reusePort: true, backlog: 100 })
  const group = [first]
  while (group.length < 3) group.push(new Listener({ reusePort: true, backlog: 100, port: first.port }))
  const clients: Client[] = []
  await using exporter = await start('on')
  try {
    for (const { fd } of group) deferAccept(fd, 60)
    for (const [member, count] of [5, 40, 17].entries()) {
      steer(first.fd, { by: 'member', member })
      for (let client = 0; client < count; client++) clients.push(first.connect())
    }
    const snapshot = await exporter.look()
    const shown = shardsOf(snapshot, first.port).map(({ exact }) => exact!.synQueue)
    assert.deepEqual(
      shown.toSorted((a, b) => a - b),
      [5, 17, 40],
    )
    const port = snapshot.namespaces[0]!.ports.find((row) => row.port === first.port)!
    assert.equal(port.synQueue!.length, 62)
    const text = await page(exporter, '/metrics')
    assert.match(text, new RegExp(`tcp_listener_syn_queue_length\\{[^}]*port="${first.port}",shard="\\d"\\} 40\\n`))
    assert.match(text, /^spillway_exact_feature\{feature="shards"\} 1$/m)
  } finally {
    for (const open of [...clients, ...group]) open[Symbol.dispose]()
  }
})

test('the oldest wait is that of each shard, and lies within what sock_diag says of the port', { skip }, async () => {
  using waiting = new Listener()
  using empty = new Listener()
  await using exporter = await start('on')
  using client = waiting.connect()
  assert.ok(client.connected)
  const before = process.hrtime.bigint()
  const snapshot = await exporter.look()
  const wait = shardsOf(snapshot, waiting.port)[0]!.exact!.oldestWaitMs!
  const port = snapshot.namespaces[0]!.ports.find((row) => row.port === waiting.port)!
  // A tick of the kernel is at most 10 ms; both are of one look, which took no longer than this.
  const tookMs = Number(process.hrtime.bigint() - before) / 1e6
  assert.ok(Math.abs(port.oldestWaitMs! - wait) <= 10 + tookMs, `${wait} and ${port.oldestWaitMs}`)
  assert.equal(shardsOf(snapshot, empty.port)[0]!.exact!.oldestWaitMs, null)
})

test('without --exact nothing is read by BPF, and no row says 0 for what was not read', async () => {
  using listener = new Listener()
  await using exporter = await start('off')
  const snapshot = await exporter.look()
  assert.equal(shardsOf(snapshot, listener.port)[0]!.exact, undefined)
  assert.doesNotMatch(
    await page(exporter, '/metrics'),
    /^(tcp_listener_syn_queue|tcp_listener_oldest|spillway_exact)[^\n]* \d/m,
  )
})

test('where the kernel refuses, auto goes on without it and says why, and on ends with a sentence', async () => {
  const command = (exact: string) => unprivileged(fixture('../main.ts'), ['--listen', '127.0.0.1:0', '--exact', exact])
  await using auto = new Child(...command('auto'))
  const url = (await auto.line(/^Metrics: (http:\/\/[^/]+)\/metrics$/))[1]!
  await auto.line(/^Listeners are not read by BPF: .*CAP_BPF/)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, /^spillway_exact_feature\{feature="shards"\} 0$/m)
  assert.match(await (await fetch(`${url}/health`)).text(), /"exact":"[^"]*CAP_BPF/)
  await using on = new Child(...command('on'))
  assert.equal(await on.exitCode(), 2)
  assert.match(on.lines.join('\n'), /CAP_BPF/)
})

test('readings that contradict sock_diag again and again end, and are shown no longer', { skip }, async () => {
  using listener = new Listener({ backlog: 3 })
  using client = listener.connect()
  assert.ok(client.connected)
  const lines: string[] = []
  const readings = new ExactReadings((line) => lines.push(line))
  // A listener whose limit sock_diag would tell differently.
  const state = { exact: undefined, length: 1, limit: 99, port: listener.port }
  const target: ExactTarget = {
    namespace: { run: (work) => work() },
    find: () => state,
    listeners: () => [state],
    contradictions: 0,
  }
  // Of another namespace, in which both agree all the while.
  const other = { exact: undefined, length: 0, limit: 3, port: listener.port }
  const agreeing: ExactTarget = { ...target, find: () => undefined, listeners: () => [other] }
  await eventually(
    'it ends',
    () => {
      readings.read(target, false)
      readings.read(agreeing, false)
      return readings.why
    },
    (why) => why !== undefined,
    { everyMs: 1 },
  )
  assert.equal(state.exact, undefined)
  assert.equal(other.exact, undefined, 'what another namespace was told last is no longer shown either')
  assert.match(lines.join('\n'), /contradicted each other/)
  readings.close()
})
