/** What BPF tells of each listener, in the exporter: held against what the kernel tells otherwise, and absent where it cannot be had. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { firstProblem } from '#common/validate.ts'
import { eventually } from '#common/waiting.ts'
import { Btf, VMLINUX } from '#kernel/bpf/btf.ts'
import { type EventKind, eventKinds, waitBoundsUs } from '#kernel/bpf/event-record.ts'
import { ListenerEvents } from '#kernel/bpf/events.ts'
import { whyNoBpf } from '#kernel/bpf/listeners.ts'
import { type Client, Listener, pauseMs } from '#kernel/fixtures/sockets.ts'
import * as libc from '#kernel/libc.ts'
import { acceptQueue, acceptWaitMs, deferAccept, socketCookie } from '#kernel/listener.ts'
import { steer } from '#kernel/reuseport.ts'
import { type StartedExporter, startExporter } from './exporter.ts'
import { Child, fixture } from './fixtures/child.ts'
import { lookAtOne, page } from './fixtures/exported.ts'
import { unprivileged } from './fixtures/unprivileged.ts'
import { Exact } from './sampler/exact.ts'
import { ExactEvents } from './sampler/exact-events.ts'
import { ExactReadings, type ExactTarget } from './sampler/exact-readings.ts'
import type { ListenerState } from './sampler/listener-state.ts'
import { defaultPace } from './sampler/pace.ts'
import type { ListenerSample, Snapshot } from './snapshot.ts'
import { type WaitingSample, WaitingSample as WaitingSampleSchema } from './waiting.ts'

// No tool that one could install: a host may refuse BPF to everybody.
const skip = whyNoBpf() ?? false

/** Why these events cannot be watched here; false if they can. */
function without(...kinds: EventKind[]): string | false {
  if (skip !== false) return skip
  using events = new ListenerEvents()
  return kinds.map((kind) => events.missing.get(kind)).find((why) => why !== undefined) ?? false
}

const start = (exact: 'on' | 'off', pace = defaultPace): Promise<StartedExporter> =>
  startExporter({ exact, pace, listen: { host: '127.0.0.1', port: 0 }, log: () => {} })

/** So seldom that no sample meets what the tests do. */
const seldom = { ...defaultPace, sampleIntervalMs: 1000, quietIntervalMs: 1000, synIntervalMs: 1000 }

/** Lets everybody in who waits, and gives how long each has waited, as the kernel tells whoever accepts. */
function acceptAll({ fd }: Listener): number[] {
  const waits: number[] = []
  while (acceptQueue(fd).length > 0) {
    const accepted = libc.acceptIfAny(fd, 'Accepting')
    assert.ok(accepted !== undefined)
    waits.push(acceptWaitMs(accepted))
    libc.close(accepted)
  }
  return waits
}

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

test('who waits at one shard is told in order when somebody asks, over HTTP too, and of no other listener', {
  skip,
}, async () => {
  using first = new Listener({ reusePort: true, backlog: 100 })
  using second = new Listener({ reusePort: true, backlog: 100, port: first.port })
  await using exporter = await start('on')
  const clients: Client[] = []
  try {
    for (const [member, count] of [2, 80].entries()) {
      steer(first.fd, { by: 'member', member })
      for (let client = 0; client < count; client++) clients.push(first.connect())
    }
    clients[1]!.send('12345')
    const cookieOf = ({ fd }: Listener): string => String(socketCookie(fd))
    const ask = async (query: string): Promise<Response> => fetch(`${exporter.url}/waiting${query}`)
    const ofFirst = await eventually(
      'the clients are seen',
      async () => (await (await ask(`?cookie=${cookieOf(first)}`)).json()) as WaitingSample,
      ({ length }) => length === 2,
    )
    assert.equal(firstProblem(WaitingSampleSchema, ofFirst), undefined)
    assert.deepEqual(
      ofFirst.first.map(({ address, unreadBytes, client }) => [address, unreadBytes, client]),
      [
        ['127.0.0.1', 0, 'connected'],
        ['127.0.0.1', 5, 'connected'],
      ],
    )
    assert.ok(ofFirst.first[0]!.waitMs >= ofFirst.first[1]!.waitMs)
    const ofSecond = await exporter.waiting(cookieOf(second))
    assert.ok(ofSecond !== undefined && 'first' in ofSecond)
    assert.deepEqual([ofSecond.length, ofSecond.limit, ofSecond.first.length], [80, 100, 64])
    acceptAll(first)
    await exporter.look()
    const none = await exporter.waiting(cookieOf(first))
    assert.ok(none !== undefined && 'first' in none && none.length === 0 && none.limit === 100)
    assert.equal((await ask('?cookie=1')).status, 404)
    for (const odd of ['', '?cookie=', '?cookie=-1', '?cookie=0x1', '?port=80', '?cookie=99999999999999999999999'])
      assert.equal((await ask(odd)).status, 400, odd)
    assert.equal((await ask('?cookie=99999999999999999999')).status, 404)
  } finally {
    for (const client of clients) client[Symbol.dispose]()
  }
})

test('without BPF nobody is told who waits in which order, but why not', async () => {
  using listener = new Listener()
  using _client = listener.connect()
  await using exporter = await start('off')
  const answer = await exporter.waiting(String(socketCookie(listener.fd)))
  assert.match(JSON.stringify(answer), /"why":"Sampled, without --exact: who waits in which order is not known"/)
})

test('a peak between two samples is seen, and in it nobody who came under another limit', {
  skip: without('joins'),
}, async () => {
  using listener = new Listener({ backlog: 100 })
  await using exporter = await start('on', seldom)
  await using sampled = await start('off', seldom)
  const clients: Client[] = []
  try {
    for (let burst = 0; burst < 3; burst++) {
      for (let client = 0; client < 60 - burst; client++) clients.push(listener.connect())
      acceptAll(listener)
    }
    const { peak, events } = (await lookAtOne(exporter, listener.port)).listener
    assert.deepEqual([peak, events?.joined, events?.timesFull], [60, 60 + 59 + 58, 0])
    assert.ok((await lookAtOne(sampled, listener.port)).listener.peak < 60, 'samples show nothing of it')
    const text = await page(exporter, '/metrics')
    assert.match(text, new RegExp(`^tcp_listener_accept_queue_peak\\{[^}]*port="${listener.port}"[^}]*\\} 60$`, 'm'))
    assert.match(text, new RegExp(`^tcp_listener_joined_total\\{[^}]*port="${listener.port}"[^}]*\\} 177$`, 'm'))
    assert.match(text, /^spillway_exact_feature\{feature="peaks"\} 1$/m)
  } finally {
    for (const client of clients) client[Symbol.dispose]()
  }
})

test('time at the limit is that of the clock, also of spells between two samples', {
  skip: without('accepts'),
}, async () => {
  using listener = new Listener({ backlog: 1 })
  await using exporter = await start('on', seldom)
  let [least, most] = [0, 0]
  for (let spell = 0; spell < 3; spell++) {
    using _first = listener.connect()
    const beforeNs = process.hrtime.bigint()
    using _second = listener.connect()
    const fullNs = process.hrtime.bigint()
    pauseMs(4)
    least += Number(process.hrtime.bigint() - fullNs) / 1e9
    acceptAll(listener)
    most += Number(process.hrtime.bigint() - beforeNs) / 1e9
  }
  const { atLeastSeconds, fullSecondsInWindow, events } = (await lookAtOne(exporter, listener.port)).listener
  assert.equal(events?.timesFull, 3)
  for (const seconds of [atLeastSeconds['1'], fullSecondsInWindow])
    assert.ok(seconds >= least && seconds <= most, `${seconds} between ${least} and ${most}`)
  assert.ok(atLeastSeconds['0.5'] >= atLeastSeconds['0.9'] && atLeastSeconds['0.9'] >= atLeastSeconds['1'])
})

test('waits until accept() are those that the kernel tells whoever accepts', { skip: without('accepts') }, async () => {
  using listener = new Listener({ backlog: 100 })
  await using exporter = await start('on')
  const clients: Client[] = []
  const waitsMs: number[] = []
  try {
    for (const pause of [0, 3, 12, 40, 130]) {
      for (let client = 0; client < 5; client++) clients.push(listener.connect())
      pauseMs(pause)
      waitsMs.push(...acceptAll(listener))
    }
    await exporter.look()
    const text = await page(exporter, '/metrics')
    const row = (suffix: string, label = ''): number => {
      const pattern = `^tcp_listener_accept_wait_seconds_${suffix}\\{[^}]*port="${listener.port}"[^}]*${label}\\} (\\S+)$`
      return Number(new RegExp(pattern, 'm').exec(text)?.[1])
    }
    assert.equal(row('count'), waitsMs.length)
    const sumMs = waitsMs.reduce((sum, wait) => sum + wait, 0)
    // A tick of the kernel is at most 10 ms.
    assert.ok(Math.abs(row('sum') * 1000 - sumMs) <= 10 * waitsMs.length, `${row('sum')} and ${sumMs}`)
    for (const bound of waitBoundsUs) {
      const upTo = row('bucket', `le="${bound / 1e6}"`)
      const among = (addedMs: number) => waitsMs.filter((wait) => wait <= bound / 1000 + addedMs).length
      assert.ok(upTo >= among(-11) && upTo <= among(11), `${upTo} up to ${bound} µs of ${waitsMs.join()}`)
    }
    assert.equal(row('bucket', 'le="\\+Inf"'), waitsMs.length)
  } finally {
    for (const client of clients) client[Symbol.dispose]()
  }
})

test('final ACKs and SYNs that are dropped add up to what the counters of the namespace say', {
  skip: without('drops'),
}, async () => {
  const scenario = fixture('./dropped-at-listeners-scenario.ts')
  await using child = new Child('unshare', ['-n', '--kill-child', '--fork', process.execPath, scenario])
  assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
})

test('without --exact nothing is read by BPF, and no row says 0 for what was not read', async () => {
  using listener = new Listener()
  await using exporter = await start('off')
  const snapshot = await exporter.look()
  assert.equal(shardsOf(snapshot, listener.port)[0]!.exact, undefined)
  assert.doesNotMatch(
    await page(exporter, '/metrics'),
    /^(tcp_listener_(syn_queue|oldest|joined|accept_wait|accept_queue_full|final_ack|syn_drops)|spillway_exact)[^\n]* \d/m,
  )
})

test('where the kernel refuses, auto goes on without it and says why, and on ends with a sentence', async () => {
  const command = (exact: string) => unprivileged(fixture('../main.ts'), ['--listen', '127.0.0.1:0', '--exact', exact])
  await using auto = new Child(...command('auto'))
  const url = (await auto.line(/^Metrics: (http:\/\/[^/]+)\/metrics$/))[1]!
  await auto.line(/^Listeners are not read by BPF: .*CAP_BPF/)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  for (const feature of ['shards', 'waiting', 'peaks', 'accept_waits', 'drops'])
    assert.match(metrics, new RegExp(`^spillway_exact_feature\\{feature="${feature}"\\} 0$`, 'm'))
  assert.match(await (await fetch(`${url}/health`)).text(), /"exact":"[^"]*CAP_BPF/)
  await using on = new Child(...command('on'))
  assert.equal(await on.exitCode(), 2)
  assert.match(on.lines.join('\n'), /CAP_BPF/)
})

test('on ends with a sentence too where listeners are read and what happens there is not', { skip }, () => {
  /** As of a kernel that is older than 6.3. */
  class OlderTypes extends Btf {
    override typedef(name: string): number | undefined {
      return name === 'btf_trace_sk_data_ready' ? undefined : super.typedef(name)
    }
  }
  const types = () => new OlderTypes(fs.readFileSync(VMLINUX))
  const log = () => {}
  assert.throws(
    () => new Exact('on', log, 0, types),
    (error) => error instanceof UsageError && /no tracepoint sk_data_ready/.test(error.message),
  )
  const auto = new Exact('auto', log, 0, types)
  assert.equal(auto.whys.shards, null)
  assert.match(String(auto.whys.peaks), /no tracepoint sk_data_ready/)
  auto.close()
})

test('what proves it at the start is in no counter of the host, and overflows nothing where it cannot be elsewhere', {
  skip: process.getuid?.() === 0 ? skip : 'only root can make it a reader that makes no namespace',
}, async () => {
  const scenario = fixture('./exact-proof-scenario.ts')
  await using child = new Child('unshare', ['--net', '--kill-child', '--fork', process.execPath, scenario])
  assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
})

test('what root has installed is read by whom it was installed for, and by nobody else', {
  skip: process.getuid?.() === 0 ? skip : 'only root installs programs for others',
}, async () => {
  const scenario = fixture('./installed-scenario.ts')
  await using child = new Child('unshare', ['--net', '--mount', '--kill-child', '--fork', process.execPath, scenario])
  assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
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

test('events that contradict sock_diag again and again end, and are shown no longer', {
  skip: without(...eventKinds),
}, () => {
  using listener = new Listener({ backlog: 9 })
  const lines: string[] = []
  const events = new ExactEvents((line) => lines.push(line), 0)
  let forgotten = 0
  // A listener of which sock_diag would show that every event was missed.
  const state = { isGone: false, takeEvents: () => 20, forgetEvents: () => forgotten++ } as unknown as ListenerState
  const target = { findListener: () => state, listeners: () => [state], run: (work: () => void) => work() }
  try {
    using client = listener.connect()
    assert.ok(client.connected)
    assert.equal(events.why('joins'), undefined)
    events.read(1, [target], 1)
    assert.match(String(events.why('joins')), /were missed/)
    assert.equal(events.watched.kinds.size, 0)
    assert.equal(forgotten, 1)
    assert.match(lines.join(), /no longer/)
    events.read(2, [target], 1)
  } finally {
    events.close()
  }
})
