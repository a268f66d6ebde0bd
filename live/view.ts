/**
 * A lab as a person looks at it: one row a shard, the shared port, what moved. Pure: built from the exporter's snapshots,
 * the backends' statuses and the loads' reports. The terminal, the board and `explain` all read this.
 */
import { nearestRank } from '#common/quantile.ts'
import { bytes, duration } from '#common/quantities.ts'
import { fullName, tcpExt } from '#kernel/queue-counters.ts'
import type { Steering } from '#kernel/reuseport.ts'
import type { Gap } from '#lab/parts.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { BackendStatus, WaitHistogram } from '#services/backend/api.ts'
import type { ListenerSample, NamespaceSample, Snapshot } from '#services/exporter/snapshot.ts'
import { type Counted, countedOf } from './counted.ts'
import type { ClientsView, LabPicture, ShardView } from './state.ts'

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
}

/** What the parts reported at one moment. `backends[i]` is undefined while backend i + 1 does not answer. */
export interface Moment {
  snapshot: Snapshot
  backends: readonly (BackendStatus | undefined)[]
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
  steering: Steering
  sysctls: Sysctls
  gaps: readonly Gap[]
}

/** The view of `now`, with rates against `before`, which should lie about a second back. */
export function viewOf(now: Moment, before: Moment | undefined, setting: Setting): LabView {
  const namespace = now.snapshot.namespaces[0]
  const earlier = before?.snapshot.namespaces[0]
  const seconds = before === undefined ? 0 : (now.snapshot.monotonicMs - before.snapshot.monotonicMs) / 1000
  const perSecond = (gained: number): number => (seconds > 0 ? Math.max(0, gained) / seconds : 0)
  const askedSeconds = before === undefined ? 0 : (now.askedMs - before.askedMs) / 1000
  const perSecondAsked = (gained: number): number => (askedSeconds > 0 ? Math.max(0, gained) / askedSeconds : 0)
  const rate = (name: string): number =>
    earlier === undefined ? 0 : perSecond((namespace?.counters[name] ?? 0) - (earlier.counters[name] ?? 0))
  const port = namespace?.ports.find((candidate) => candidate.port === setting.port)
  const listeners = listenersOf(namespace, setting.port, now.backends)
  const waiting = listeners.filter((listener) => listener.length > 0)

  const shards = shardNumbers(now.backends, listeners).map((shard): ShardView => {
    const listener = listeners.find((candidate) => candidate.shard === shard)
    const old = listenersOf(earlier, setting.port, before?.backends ?? []).find(
      (candidate) => candidate.cookie === listener?.cookie,
    )
    const backend = now.backends[shard - 1]
    const backendBefore = before?.backends[shard - 1]
    const sameProcess = backend !== undefined && backendBefore?.pid === backend.pid
    return {
      shard,
      state: listener !== undefined ? 'listening' : backend === undefined ? 'down' : 'closed',
      stalled: backend !== undefined && isStalled(backend),
      faults: backend === undefined ? [] : faultsInWords(backend),
      length: listener?.length ?? 0,
      limit: listener?.limit ?? 0,
      backlog: backend?.listener?.backlog ?? listener?.limit ?? 0,
      fill: listener === undefined ? 0 : listener.length / (listener.limit + 1),
      peak: listener?.peak ?? 0,
      fullSeconds: listener?.fullSecondsInWindow ?? 0,
      drops: listener?.drops ?? 0,
      dropsPerSecond: listener === undefined || old === undefined ? 0 : perSecond(listener.drops - old.drops),
      acceptsPerSecond: sameProcess ? perSecondAsked(backend.accepts - backendBefore.accepts) : 0,
      open: backend?.open ?? 0,
      acceptWait: sameProcess ? waitsBetween(backendBefore.acceptWait, backend.acceptWait) : undefined,
      processes: (backend?.processes ?? []).map(({ pid, faults, accepts, open, loopLagMs }) => {
        const earlier = backendBefore?.processes.find((process) => process.pid === pid)
        return {
          pid,
          open,
          stalled: faults.stalled,
          lagMs: loopLagMs,
          acceptsPerSecond: earlier === undefined ? 0 : perSecondAsked(accepts - earlier.accepts),
        }
      }),
      oldestWaitMs: listener?.length === 0 ? 0 : waiting.length === 1 ? port?.oldestWaitMs : undefined,
    }
  })

  return {
    sequence: now.snapshot.sequence,
    timeMs: now.snapshot.timeMs,
    monotonicMs: now.snapshot.monotonicMs,
    ...setting,
    shards,
    portView: port && {
      address: port.address,
      port: port.port,
      synQueue: port.synQueue,
      oldestWaitMs: port.oldestWaitMs,
      connections: port.connections?.established,
      receiveBytes: port.receiveBytes,
      receiveBytesMax: port.receiveBytesMax,
      sendBytes: port.sendBytes,
      sendBytesMax: port.sendBytesMax,
      zeroWindows: port.zeroWindows,
    },
    clients: clientsView(now, before, perSecondAsked),
    cookiesPerSecond: rate('TcpExt_SyncookiesSent'),
    moved: tcpExt.map((name) => ({ name, perSecond: rate(fullName(name)) })).filter((counter) => counter.perSecond > 0),
    loads: [...now.loads],
    counted: countedOf(now, before, setting.port),
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

/** A row for each backend, and for each listener on the port that belongs to no backend. */
function shardNumbers(backends: Moment['backends'], listeners: ListenerSample[]): number[] {
  const shared = backends[0]?.mode === 'shared'
  const own = shared ? [1] : backends.map((_, index) => index + 1)
  return [...new Set([...own, ...listeners.map((listener) => listener.shard)])].sort((a, b) => a - b)
}

function faultsInWords({ faults }: BackendStatus): string[] {
  return [
    faults.acceptDelayMs > 0 ? `${duration(faults.acceptDelayMs)} per accept` : '',
    faults.readDelayMs > 0 ? `${duration(faults.readDelayMs)} per read` : '',
    faults.responseDelayMs > 0 ? `${duration(faults.responseDelayMs)} per response` : '',
    faults.neverRead ? 'never reads' : '',
    faults.responseBytes > 0 ? `${bytes(faults.responseBytes)} per response` : '',
  ].filter((words) => words !== '')
}

/** Whether no process accepts: of several processes, one that still does is enough. */
export const isStalled = ({ faults, processes }: BackendStatus): boolean =>
  processes.length > 0 ? processes.every((process) => process.faults.stalled) : faults.stalled

/** Mean and 99th percentile of what a histogram gained; undefined if it gained nothing. */
function waitsBetween(before: WaitHistogram, now: WaitHistogram): ShardView['acceptWait'] {
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
  }
}
