/**
 * A lab as a person looks at it: one row a shard, the shared port, what moved. Pure: built from the exporter's snapshots,
 * the backends' own words and the loads' reports. The terminal, the board and `explain` all read this.
 */
import type { Steering } from '#kernel/reuseport.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { BackendStatus } from '#services/backend/api.ts'
import type { ListenerSample, NamespaceSample, Snapshot } from '#services/exporter/snapshot.ts'

/** One listening socket and the backend behind it. */
export interface ShardView {
  shard: number
  /** `listening`, `closed` (its listener) or `down` (its process). */
  state: 'listening' | 'closed' | 'down'
  stalled: boolean
  /** Faults other than a stall that are on, in words. */
  faults: string[]
  length: number
  /** N; N + 1 connections fit. */
  limit: number
  /** What listen() was asked for; above `limit` if somaxconn clamped it. */
  backlog: number
  /** Length over N + 1: 1 or more is full. */
  fill: number
  peak: number
  fullSeconds: number
  drops: number
  dropsPerSecond: number
  acceptsPerSecond: number
  /**
   * How long the longest waiting connection of this shard waits, if that can be told: a waiting connection does not name
   * its listener, so only when one shard alone has any. Undefined if it cannot be told.
   */
  oldestWaitMs: number | undefined
}

/** What cannot be told apart by shard. */
interface PortView {
  address: string
  port: number
  synQueue: { length: number; peak: number; limit: number }
  oldestWaitMs: number
  connections: number
  receiveBytes: number
  sendBytes: number
  zeroWindows: number
}

/** A counter of the server's namespace that moved within the last second. */
interface MovedCounter {
  name: string
  perSecond: number
}

export interface LabView {
  timeMs: number
  kernel: string
  address: string
  port: number
  mode: string
  /** How the kernel chooses the shard of a new connection. */
  steering: Steering
  shards: ShardView[]
  /** Undefined while nobody listens. */
  portView: PortView | undefined
  syncookies: number
  cookiesPerSecond: number
  moved: MovedCounter[]
  loads: LoadReport[]
}

/** What the pieces were, at one moment. `backends[i]` is undefined while backend i + 1 does not answer. */
export interface Moment {
  snapshot: Snapshot
  backends: readonly (BackendStatus | undefined)[]
  loads: readonly LoadReport[]
}

/** What does not change while a lab runs, or only when somebody sets it. */
export interface Setting {
  kernel: string
  address: string
  port: number
  mode: string
  steering: Steering
  syncookies: number
}

/** Counters worth showing when they move: those that speak of queues, handshakes and windows. */
const telling = [
  ...['ListenOverflows', 'ListenDrops', 'TCPReqQFullDrop', 'TCPReqQFullDoCookies', 'SyncookiesSent', 'SyncookiesRecv'],
  ...['SyncookiesFailed', 'TCPSynRetrans', 'TCPTimeouts', 'EmbryonicRsts', 'TCPDeferAcceptDrop', 'TCPToZeroWindowAdv'],
  ...['TCPFromZeroWindowAdv', 'TCPWantZeroWindowAdv', 'TCPZeroWindowDrop', 'TCPRcvQDrop', 'PruneCalled', 'RcvPruned'],
  ...['TCPMigrateReqSuccess', 'TCPMigrateReqFailure', 'TCPAbortOnData', 'TCPBacklogDrop', 'TCPTimeWaitOverflow'],
  ...['TCPAbortOnMemory', 'TCPWinProbe', 'TCPFastOpenListenOverflow'],
].map((name) => `TcpExt_${name}`)

/** The view of `now`, with rates against `before`, which should lie about a second back. */
export function viewOf(now: Moment, before: Moment | undefined, setting: Setting): LabView {
  const namespace = now.snapshot.namespaces[0]
  const earlier = before?.snapshot.namespaces[0]
  const seconds = before === undefined ? 0 : (now.snapshot.monotonicMs - before.snapshot.monotonicMs) / 1000
  const perSecond = (gained: number): number => (seconds > 0 ? Math.max(0, gained) / seconds : 0)
  const rate = (name: string): number =>
    earlier === undefined ? 0 : perSecond((namespace?.counters[name] ?? 0) - (earlier.counters[name] ?? 0))
  const port = namespace?.ports.find((candidate) => candidate.port === setting.port)
  const listeners = listenersOf(namespace, setting.port)
  const waiting = listeners.filter((listener) => listener.length > 0)

  const shards = shardNumbers(now.backends, listeners).map((shard): ShardView => {
    const listener = listeners.find((candidate) => candidate.shard === shard)
    const old = listenersOf(earlier, setting.port).find((candidate) => candidate.cookie === listener?.cookie)
    const backend = now.backends[shard - 1]
    const backendBefore = before?.backends[shard - 1]
    const sameProcess = backend !== undefined && backendBefore?.pid === backend.pid
    return {
      shard,
      state: listener !== undefined ? 'listening' : backend === undefined ? 'down' : 'closed',
      stalled: backend?.faults.stalled ?? false,
      faults: backend === undefined ? [] : faultsInWords(backend),
      length: listener?.length ?? 0,
      limit: listener?.limit ?? 0,
      backlog: backend?.listener?.backlog ?? listener?.limit ?? 0,
      fill: listener === undefined ? 0 : listener.length / (listener.limit + 1),
      peak: listener?.peak ?? 0,
      fullSeconds: listener?.fullSecondsInWindow ?? 0,
      drops: listener?.drops ?? 0,
      dropsPerSecond: listener === undefined || old === undefined ? 0 : perSecond(listener.drops - old.drops),
      acceptsPerSecond: sameProcess ? perSecond(backend.accepts - backendBefore.accepts) : 0,
      oldestWaitMs: listener?.length === 0 ? 0 : waiting.length === 1 ? port?.oldestWaitMs : undefined,
    }
  })

  return {
    timeMs: now.snapshot.timeMs,
    ...setting,
    shards,
    portView: port && {
      address: port.address,
      port: port.port,
      synQueue: port.synQueue,
      oldestWaitMs: port.oldestWaitMs,
      connections: port.connections.established ?? 0,
      receiveBytes: port.receiveBytes,
      sendBytes: port.sendBytes,
      zeroWindows: port.zeroWindows,
    },
    cookiesPerSecond: rate('TcpExt_SyncookiesSent'),
    moved: telling
      .map((name) => ({ name: name.slice('TcpExt_'.length), perSecond: rate(name) }))
      .filter((counter) => counter.perSecond > 0),
    loads: [...now.loads],
  }
}

const listenersOf = (namespace: NamespaceSample | undefined, port: number): ListenerSample[] =>
  namespace?.listeners.filter((listener) => listener.port === port) ?? []

/** A row for each backend, and for each listener on the port that is nobody's backend. */
function shardNumbers(backends: Moment['backends'], listeners: ListenerSample[]): number[] {
  const shared = backends[0]?.mode === 'shared'
  const own = shared ? [1] : backends.map((_, index) => index + 1)
  return [...new Set([...own, ...listeners.map((listener) => listener.shard)])].sort((a, b) => a - b)
}

function faultsInWords({ faults }: BackendStatus): string[] {
  return [
    faults.acceptDelayMs > 0 ? `${faults.acceptDelayMs} ms an accept` : '',
    faults.readDelayMs > 0 ? `${faults.readDelayMs} ms a read` : '',
    faults.responseDelayMs > 0 ? `${faults.responseDelayMs} ms a response` : '',
    faults.neverRead ? 'never reads' : '',
    faults.responseBytes > 0 ? `${faults.responseBytes} bytes a response` : '',
  ].filter((words) => words !== '')
}
