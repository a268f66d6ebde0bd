/** What a display shows of a lab at one moment: the terminal and the board draw from the same state. */
import type { Steering } from '#kernel/reuseport.ts'
import type { Gap } from '#lab/parts.ts'
import type { ExperimentState } from './experiment-state.ts'
import type { LoadName } from './orders.ts'
import type { Ages, CountBounds, ReadKind, WaitBounds } from './reading.ts'

/** One queue and who takes from it, in a lab or on any host. What is not known is undefined. */
export interface QueueView {
  shard: number
  /** The cookie of its listener, by which it is asked who waits there; only of TCP. */
  cookie?: string
  /** `listening`, `closed` (its listener), `down` (its process), or `unread`: it listens, but its queue was not read lately. */
  state: 'listening' | 'closed' | 'down' | 'unread'
  /** Nobody takes anything from it. */
  stalled: boolean
  /** What it holds: connections, unless it is said. */
  unit?: 'bytes'
  length: number
  /** N; N + 1 connections fit, or N bytes. */
  limit: number
  /** The backlog that listen() was given, as far as its process tells; above `limit` if somaxconn clamped it. */
  backlog: number
  /** Length over N + 1: 1 or more is full. */
  fill: number
  /** Whether it is full, or was at any sample since the state before; not told where each sample is shown. */
  wasFull?: boolean
  /** Highest length within 30 s, since the limit is what it is. */
  peak: number
  /** Whether that is of all moments, as BPF tells, or of those at which it was read; undefined where that is not known. */
  peakIsExact?: boolean
  fullSeconds: number | undefined
  drops: number | undefined
  dropsPerSecond: number | undefined
  /** Only in slow motion: what was dropped between this sample and the one before. */
  droppedNow?: number
  /** Undefined where the server does not tell. */
  acceptsPerSecond: number | undefined
  /** Connections that its processes hold open: as many descriptors. Undefined where the server does not tell. */
  open: number | undefined
  /** Accept waits of the connections accepted within the last second; undefined if there was none. */
  acceptWait: { meanMs: number; p99Ms: number } | undefined
  /**
   * How long the one in front has waited. A waiting connection does not name its listener, so it is exact only while a
   * single shard has any or BPF tells it, and bounded otherwise; docs/kernel-facts.md#who-waits-in-the-accept-queue.
   */
  oldestWait: WaitBounds | undefined
  /** Half-open requests of this listener alone, where BPF tells them; they are as old as those of the port. */
  halfOpen?: number
  /** How many of the queue have hung up (their FIN or RST has come) and keep their places; undefined where it is not known. */
  hungUp: CountBounds | undefined
  /** Who holds the socket, where that is all that is known of its processes; those that accept come first. */
  holders?: readonly HolderView[]
}

/** A process that holds a listening socket. */
export interface HolderView {
  pid: number
  command: string
  /** Whether it waited for connections when that was last looked for. */
  accepts: boolean | undefined
  /** Present where a signal has stopped it: it waits for connections, and takes none. */
  stopped?: true
}

/** One listening socket and the backend behind it. */
export interface ShardView extends QueueView {
  /** Its backend did not answer when it was last asked: what it does is not known. */
  silent?: boolean
  /** Faults other than a stall that are on, in words. */
  faults: string[]
  /** How long it blocks after each accept(); 0 without this fault. */
  acceptDelayMs: number
  fullSeconds: number
  drops: number
  dropsPerSecond: number
  /** The processes that accept from this socket: one, or several in mode `shared`; none while it is down. */
  processes: ProcessView[]
}

/** One process that accepts. */
export interface ProcessView {
  pid: number
  stalled: boolean
  /** Undefined, as what follows, where the server does not tell. */
  acceptsPerSecond: number | undefined
  open: number | undefined
  /** How late its event loop is: grows while it is blocked. */
  lagMs: number | undefined
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
  /** Attempts a second for which the client had no source port left. */
  noPortLeftPerSecond: number
}

/** What is known only for the port, not by shard. Undefined is what the exporter has not read lately. */
interface PortView {
  address: string
  port: number
  /** `retried`: those whose SYN-ACK was sent again. */
  synQueue: { length: number; peak: number; limit: number; retried?: number | undefined } | undefined
  oldestWait: WaitBounds | undefined
  /** Of the last dump: how many wait for accept(), and how many of the places belong to clients that have sent a FIN, or an RST. */
  waiting: { connections: number; finished: number; reset: number | undefined } | undefined
  /** Accepted connections whose request nobody has read, nor answered; undefined where the kernel does not tell. */
  unserved: { connections: number; oldestMs: number } | undefined
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

/** Somebody's server in place of our backends: what only these can do is not offered. */
export interface OwnServer {
  name: string
  /** Whether it is known how it is reloaded. */
  reloads: boolean
  /** The share of one CPU, in per cent, that it is held to; 0 for none. Left out where no quota can be set, or none is known. */
  cpuPercent?: number
  /** How it ended, while it is down and nobody had asked for that; below it the last lines that it wrote. */
  ended?: string
}

/** What the server's kernel counts of clients, over all ports of a namespace. */
export interface ArrivalsView {
  openedPerSecond: number | undefined
  overflowsPerSecond: number | undefined
}

/** The queues of one port or path at one moment, as they are drawn. */
export interface PictureState {
  /** Missing where the backends are ours, and where it is a host that is shown. */
  server?: OwnServer
  /** Of the snapshot that it was made of. */
  sequence: number
  timeMs: number
  monotonicMs: number
  mode: string
  /** How the kernel chooses the shard of a new connection; undefined where it is not known. */
  steering: Steering | undefined
  shards: QueueView[]
  /** Undefined while there is no listener, and of what is no port. */
  portView: PortView | undefined
  /** Undefined where the clients are not ours. */
  clients: ClientsView | undefined
  /** What is known of foreign clients. */
  arrivals?: ArrivalsView
  cookiesPerSecond: number
  moved: MovedCounter[]
  /** How old what is shown is. */
  ages: Ages
  /** The kinds that are read; all, unless it is said. */
  read?: readonly ReadKind[]
  /** How long ago it was last looked for who accepts, where that is told apart. */
  holdersAgeMs?: number | undefined
}

/** A lab at one moment, without what the display adds. */
export interface LabPicture extends PictureState {
  kernel: string
  address: string
  port: number
  /** How the kernel chooses the shard of a new connection. */
  steering: Steering
  shards: ShardView[]
  clients: ClientsView
  /** -1 where the kernel does not have this sysctl. */
  sysctls: Record<'syncookies' | 'abortOnOverflow' | 'migrateReq' | 'somaxconn', number>
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
  /** That all is in order, where that is certain. */
  calm: string | undefined
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
  /** Connections to other ports are counted too, and cannot be told apart: less may do. */
  upperBound?: boolean
  /** False where what was seen lately is cured by no backlog: then none is proposed as a cure, and none set from here. */
  cures?: boolean
  /** What else was seen at its queues in the last minutes, and what mends it: sentences. */
  spells?: string[]
  /** What to type for it, in the words of the server, where nothing can be set from here. */
  mends?: readonly { line: string; where: string; after: string }[]
  /** Those that listen. `survives` is the longest stall, in words. */
  sockets: { shard: number; limit: number; enough: boolean; survives: string }[]
}
