/** What a display shows of a lab at one moment: the terminal and the board draw from the same state. */
import type { Steering } from '#kernel/reuseport.ts'
import type { Gap } from '#lab/parts.ts'
import type { ExperimentState } from './experiment-state.ts'
import type { LoadName } from './orders.ts'

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
  /** The backlog that listen() was given; above `limit` if somaxconn clamped it. */
  backlog: number
  /** Length over N + 1: 1 or more is full. */
  fill: number
  peak: number
  fullSeconds: number
  drops: number
  dropsPerSecond: number
  /** Only in slow motion: what was dropped between this sample and the one before. */
  droppedNow?: number
  acceptsPerSecond: number
  /** Connections that its processes hold open: as many descriptors. */
  open: number
  /** Accept waits of the connections accepted within the last second; undefined if there was none. */
  acceptWait: { meanMs: number; p99Ms: number } | undefined
  /** The processes that accept from this socket: one, or several in mode `shared`; none while it is down. */
  processes: ProcessView[]
  /**
   * How long the longest waiting connection of this shard has waited, where that is known: a waiting connection does not
   * name its listener, so only when a single shard has any. Undefined where it is not known.
   */
  oldestWaitMs: number | undefined
}

/** One process that accepts. */
export interface ProcessView {
  pid: number
  stalled: boolean
  acceptsPerSecond: number
  open: number
  /** How late its event loop is: grows while it is blocked. */
  lagMs: number
}

/** What the clients do and see, over all loads. */
export interface ClientsView {
  /** New connections begun a second, half-open ones left out. */
  startedPerSecond: number
  connectedPerSecond: number
  /** SYNs a second of clients that never answer. */
  halfOpenPerSecond: number
  /** Connections under way or held. */
  open: number
  /** SYNs retransmitted a second, as the clients' kernel counts them. */
  synRetransmitsPerSecond: number
}

/** What is known only for the port, not by shard. Undefined is what the exporter has not read lately. */
interface PortView {
  address: string
  port: number
  synQueue: { length: number; peak: number; limit: number } | undefined
  oldestWaitMs: number | undefined
  connections: number | undefined
  receiveBytes: number | undefined
  receiveBytesMax: number | undefined
  sendBytes: number | undefined
  sendBytesMax: number | undefined
  zeroWindows: number | undefined
}

/** A counter of the server's namespace that moved within the last second. */
interface MovedCounter {
  name: string
  perSecond: number
}

/** A lab at one moment, without what the display adds. */
export interface LabPicture {
  /** Of the snapshot that it was made of. */
  sequence: number
  timeMs: number
  monotonicMs: number
  kernel: string
  address: string
  port: number
  mode: string
  /** How the kernel chooses the shard of a new connection. */
  steering: Steering
  shards: ShardView[]
  /** Undefined while there is no listener. */
  portView: PortView | undefined
  clients: ClientsView
  /** -1 where the kernel does not have this sysctl. */
  sysctls: Record<'syncookies' | 'abortOnOverflow' | 'migrateReq' | 'somaxconn', number>
  cookiesPerSecond: number
  moved: MovedCounter[]
  /** The times in which the exporter or the load agent was missing, the latest last. */
  gaps: readonly Gap[]
}

/** A load that runs, or the last one of its kind that has ended. */
export interface LoadState {
  name: LoadName
  running: boolean
  /** Connections, or SYNs, a second for those that have a rate, else how many. */
  amount: number
  error: string | undefined
}

/** All that is shown, at one moment. */
export interface LiveState extends LabPicture {
  loads: LoadState[]
  /** What is happening, why, and what would fix it. */
  words: string | undefined
  experiment: ExperimentState | undefined
  /** Whose lab this is: missing for the board's own, otherwise the `shows` of its experiment. */
  lab?: string
}

/** What backlog the arrivals of the last minute need. */
export interface BacklogAdvice {
  /** The stall that it is meant for. */
  stallMs: number
  /** The longest accept wait of the last minute, so far. */
  longestWaitMs: number
  /** What to set and why, or why nothing can be said. */
  words: string[]
  /** What it is based on, and what was left out. */
  basis: string[]
  /** For each socket; undefined if nothing can be said. */
  backlog: number | undefined
  /** Those that listen. `survives` is the longest stall, in words. */
  sockets: { shard: number; limit: number; enough: boolean; survives: string }[]
}
