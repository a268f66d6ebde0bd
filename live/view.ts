/**
 * A lab as a person looks at it: one row a shard, the shared port, what moved. Pure: built from the exporter's snapshots,
 * the backends' statuses and the loads' reports. The terminal, the board and `explain` all read this.
 */
import { nearestRank } from '#common/quantile.ts'
import { fullName, tcpExt } from '#kernel/queue-counters.ts'
import type { Steering } from '#kernel/reuseport.ts'
import type { Gap } from '#lab/parts.ts'
import type { Told } from '#lab/told.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { WaitHistogram } from '#services/backend/api.ts'
import type { ListenerSample, NamespaceSample, PortSample, Snapshot } from '#services/exporter/snapshot.ts'
import { type Counted, countedOf } from './counted.ts'
import type { PortNow } from './last-spells.ts'
import { Memory, type Remembered } from './memory.ts'
import { faultsInWords, slowInWords } from './names.ts'
import { portNow, queueNow } from './port-now.ts'
import type { ClientsView, LabPicture, OwnServer, QueueView, ShardView } from './state.ts'

/** Sysctls of the server's namespace that decide what happens at a full queue; -1 where this kernel does not have it. */
export const shownSysctls = {
  syncookies: 'net.ipv4.tcp_syncookies',
  abortOnOverflow: 'net.ipv4.tcp_abort_on_overflow',
  migrateReq: 'net.ipv4.tcp_migrate_req',
  somaxconn: 'net.core.somaxconn',
} as const
export type Sysctls = Record<keyof typeof shownSysctls, number>
export const sysctlDefaults: Sysctls = { syncookies: 1, abortOnOverflow: 0, migrateReq: 0, somaxconn: 4096 }

/** What a board shows, with the loads as the agent reports them, and what has been counted. */
export interface LabView extends LabPicture {
  loads: LoadReport[]
  counted: Counted
  /** Its port as it is, for the diagnosis of its spells. */
  portNow: PortNow
}

/** What the parts reported at one moment. `backends[i]` is undefined while backend i + 1 does not answer. */
export interface Moment {
  snapshot: Snapshot
  backends: readonly (Told | undefined)[]
  loads: readonly LoadReport[]
  /** TCPSynRetrans of the clients' namespace: every SYN that was sent again. */
  synRetransmits: number
  /** When backends and loads were asked, by CLOCK_MONOTONIC: their rates are over this, not over the snapshots. */
  askedMs: number
}

/** What does not change while a lab runs, except when somebody sets it. */
export interface Setting {
  kernel: string
  address: string
  port: number
  mode: string
  server?: OwnServer
  steering: Steering
  sysctls: Sysctls
  gaps: readonly Gap[]
}

interface Accepting {
  accepts?: number
}

/**
 * The view of `now`, with rates against `before`, which should lie about a second back. `remembered` is what a memory that
 * has seen `now` knows from the looks before.
 */
export function viewOf(
  now: Moment,
  before: Moment | undefined,
  setting: Setting,
  remembered: Remembered = new Memory().see(now, setting.port),
): LabView {
  const namespace = now.snapshot.namespaces[0]
  const earlier = before?.snapshot.namespaces[0]
  const seconds = before === undefined ? 0 : (now.snapshot.monotonicMs - before.snapshot.monotonicMs) / 1000
  const perSecond = (gained: number): number => (seconds > 0 ? Math.max(0, gained) / seconds : 0)
  const askedSeconds = before === undefined ? 0 : (now.askedMs - before.askedMs) / 1000
  const perSecondAsked = (gained: number): number => (askedSeconds > 0 ? Math.max(0, gained) / askedSeconds : 0)
  const rate = (name: string): number =>
    countersKnown(namespace) && countersKnown(earlier)
      ? perSecond((namespace.counters[name] ?? 0) - (earlier.counters[name] ?? 0))
      : 0
  /** Accepts a second; undefined where the server does not tell how many it has accepted. */
  const gained = (before: Accepting | undefined, now: Accepting | undefined): number | undefined => {
    if (now !== undefined && now.accepts === undefined) return undefined
    return before?.accepts === undefined ? 0 : perSecondAsked((now?.accepts ?? 0) - before.accepts)
  }
  const port = namespace?.ports.find((candidate) => candidate.port === setting.port)
  const listeners = listenersOf(namespace, setting.port, now.backends)

  const shards = shardNumbers(now.backends, listeners).map((shard): ShardView => {
    const listener = listeners.find((candidate) => candidate.shard === shard)
    const old = listenersOf(earlier, setting.port, before?.backends ?? []).find(
      (candidate) => candidate.cookie === listener?.cookie,
    )
    const backend = now.backends[shard - 1]
    const backendBefore = before?.backends[shard - 1]
    const peak = listener === undefined ? 0 : (remembered.peaks.get(listener.cookie) ?? listener.peak)
    const sameProcess = backend !== undefined && backendBefore?.pid === backend.pid
    return {
      shard,
      ...(listener !== undefined && { cookie: listener.cookie }),
      state: listener !== undefined ? 'listening' : stateWithout(backend),
      stalled: backend !== undefined && isStalled(backend),
      // Sockets that a server of somebody's has opened since belong to it too.
      silent: backend === undefined && (shard <= now.backends.length || setting.server !== undefined),
      faults:
        backend === undefined
          ? []
          : [...faultsInWords(backend.faults), slowInWords(backend.cpu)].filter((words) => words !== ''),
      acceptDelayMs: backend?.faults.acceptDelayMs ?? 0,
      length: listener?.length ?? 0,
      limit: listener?.limit ?? 0,
      backlog: askedBacklog(listener, backend),
      fill: listener === undefined ? 0 : listener.length / (listener.limit + 1),
      peak,
      ...(listener !== undefined && { peakIsExact: listener.events?.joined !== undefined && peak === listener.peak }),
      fullSeconds: listener?.fullSecondsInWindow ?? 0,
      drops: listener?.drops ?? 0,
      dropsPerSecond: listener === undefined || old === undefined ? 0 : perSecond(listener.drops - old.drops),
      acceptsPerSecond: gained(sameProcess ? backendBefore : undefined, backend),
      open: backend === undefined ? 0 : backend.open,
      acceptWait: sameProcess ? waitsBetween(backendBefore.acceptWait, backend.acceptWait) : undefined,
      processes: (backend?.processes ?? []).map((process) => {
        const earlier = backendBefore?.processes.find(({ pid }) => pid === process.pid)
        const { pid, faults, open, loopLagMs } = process
        return { pid, open, stalled: faults.stalled, lagMs: loopLagMs, acceptsPerSecond: gained(earlier, process) }
      }),
      oldestWait: listener && remembered.waits.get(listener.cookie),
      ...(listener?.exact !== undefined && { halfOpen: listener.exact.synQueue }),
      hungUp: listener && remembered.hungUp?.get(listener.cookie),
    }
  })

  return {
    sequence: now.snapshot.sequence,
    timeMs: now.snapshot.timeMs,
    monotonicMs: now.snapshot.monotonicMs,
    ...setting,
    shards,
    portView: port && portViewOf(port, shards),
    ages: remembered.ages,
    clients: clientsView(now, before, perSecondAsked),
    cookiesPerSecond: rate('TcpExt_SyncookiesSent'),
    moved: tcpExt.map((name) => ({ name, perSecond: rate(fullName(name)) })).filter((counter) => counter.perSecond > 0),
    loads: [...now.loads],
    counted: countedOf(now, before, setting.port),
    portNow: portNow(namespace, listeners.map(queueNow), port),
  }
}

/**
 * The listeners of a port. Whose a socket is, its backend knows best: an exporter that was started again while one was
 * down numbers the others anew.
 */
function listenersOf(
  namespace: NamespaceSample | undefined,
  port: number,
  backends: Moment['backends'],
): ListenerSample[] {
  const owner = (cookie: string): number => backends.findIndex((backend) => backend?.listener?.cookie === cookie)
  const own = namespace?.listeners.filter((listener) => listener.port === port) ?? []
  return own.map((listener) => ({ ...listener, shard: owner(listener.cookie) + 1 || listener.shard }))
}

/** What is too old is left out of a snapshot: nothing moved from there, or to there. */
function countersKnown(namespace: NamespaceSample | undefined): namespace is NamespaceSample {
  const age = namespace?.agesSeconds.counters
  if (namespace === undefined || age === null || age === undefined) return false
  return Object.keys(namespace.counters).length > 0 || age * 1000 <= RECENT_MS
}
/** Counters at zero are left out too: so recently read, they were all at zero. */
const RECENT_MS = 1000

/** A backend without a listener that the exporter shows: what it says of itself decides. */
function stateWithout(backend: Told | undefined): ShardView['state'] {
  if (backend === undefined) return 'down'
  if (backend.listener !== null) return 'unread'
  return backend.runs === false ? 'down' : 'closed'
}

/**
 * What listen() was given. Its process and the exporter are read one after the other: where they tell of different limits
 * a change is under way, and nothing is said of a clamp.
 */
function askedBacklog(listener: ListenerSample | undefined, backend: Told | undefined): number {
  const told = backend?.listener
  if (told === null || told === undefined) return listener?.limit ?? 0
  return listener === undefined || told.limit === listener.limit ? told.backlog : listener.limit
}

/** What is known of a port alone, beside its queues. */
export function portViewOf(port: PortSample, shards: readonly QueueView[]): NonNullable<LabPicture['portView']> {
  const { synQueue, synQueueRetried, waiting, waitingFinished, waitingReset, pastAccept } = port
  const { unserved, unservedOldestMs } = pastAccept ?? {}
  return {
    address: port.address,
    port: port.port,
    synQueue: synQueue && { ...synQueue, retried: synQueueRetried },
    oldestWait: longestOf(shards.filter(({ state }) => state === 'listening')),
    waiting:
      waiting === undefined ? undefined : { connections: waiting, finished: waitingFinished ?? 0, reset: waitingReset },
    unserved:
      waiting === undefined || (pastAccept !== undefined && unserved === undefined)
        ? undefined
        : { connections: unserved ?? 0, oldestMs: unservedOldestMs ?? 0 },
    connections: port.connections === undefined ? undefined : (port.connections.established ?? 0),
    receiveBytes: port.receiveBytes,
    receiveBytesMax: port.receiveBytesMax,
    sendBytes: port.sendBytes,
    sendBytesMax: port.sendBytesMax,
    zeroWindows: port.zeroWindows,
  }
}

/** The longest wait of several queues; nothing bounds it if nothing bounds one of them. */
function longestOf(shards: readonly QueueView[]): QueueView['oldestWait'] {
  const waits = shards.map(({ oldestWait }) => oldestWait)
  if (waits.length === 0 || waits.some((wait) => wait === undefined)) return undefined
  const most = waits.map((wait) => wait?.mostMs)
  return {
    leastMs: Math.max(...waits.map((wait) => wait?.leastMs ?? 0)),
    mostMs: most.some((ms) => ms === undefined) ? undefined : Math.max(...most.map((ms) => ms ?? 0)),
  }
}

/** A row for each backend, and for each listener on the port that belongs to no backend. */
function shardNumbers(backends: Moment['backends'], listeners: ListenerSample[]): number[] {
  const shared = backends[0]?.mode === 'shared'
  const own = shared ? [1] : backends.map((_, index) => index + 1)
  return [...new Set([...own, ...listeners.map((listener) => listener.shard)])].sort((a, b) => a - b)
}

/** Whether no process accepts: of several processes, one that still does is enough. */
export const isStalled = ({ faults, processes }: Told): boolean =>
  processes.length > 0 ? processes.every((process) => process.faults.stalled) : faults.stalled

/** Mean and 99th percentile of what a histogram gained; undefined if it gained nothing. */
function waitsBetween(before: WaitHistogram | undefined, now: WaitHistogram | undefined): ShardView['acceptWait'] {
  if (before === undefined || now === undefined) return undefined
  const gained = now.count - before.count
  if (gained <= 0) return undefined
  const earlier = new Map(before.upToMs.map((bound, index) => [bound, before.counts[index] ?? 0]))
  let seen = 0
  for (const [index, bound] of now.upToMs.entries()) {
    seen += (now.counts[index] ?? 0) - (earlier.get(bound) ?? 0)
    if (seen >= nearestRank(0.99, gained))
      return { meanMs: Math.max(0, now.sumMs - before.sumMs) / gained, p99Ms: bound }
  }
  return undefined
}

function clientsView(
  { loads, synRetransmits }: Moment,
  before: Moment | undefined,
  perSecond: (gained: number) => number,
): ClientsView {
  const rateOf = (chosen: readonly LoadReport[], count: (load: LoadReport) => number): number =>
    perSecond(
      chosen.reduce((sum, load) => {
        const earlier = before?.loads.find(({ id }) => id === load.id)
        return sum + count(load) - (earlier === undefined ? 0 : count(earlier))
      }, 0),
    )
  const ordinary = loads.filter(({ kind }) => kind !== 'half-open')
  return {
    startedPerSecond: rateOf(ordinary, (load) => load.started),
    connectedPerSecond: rateOf(ordinary, (load) => load.connected),
    halfOpenPerSecond: rateOf(
      loads.filter(({ kind }) => kind === 'half-open'),
      (load) => load.started,
    ),
    open: ordinary.reduce((sum, load) => sum + load.open, 0),
    synRetransmitsPerSecond: before === undefined ? 0 : perSecond(synRetransmits - before.synRetransmits),
    noPortLeftPerSecond: rateOf(ordinary, (load) => load.outcomes.noPortLeft),
  }
}
