/**
 * What the board is given to show, what its switches ask for, and what it tells the page. It knows nothing of a lab:
 * whoever starts it brings the states and performs the orders.
 */
import { type Static, Type } from 'typebox'
import type { Steering } from '#kernel/reuseport.ts'
import { Faults, SteeringChange } from '../backend/api.ts'

/** One listening socket and the backend behind it. */
export interface BoardShard {
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
  /** Connections that its processes hold open: as many descriptors. */
  open: number
  /** Accept waits of the connections accepted within the last second; undefined if there was none. */
  acceptWait: { meanMs: number; p99Ms: number } | undefined
  /** Who accepts from this socket: one process, or several in mode `shared`; none while it is down. */
  processes: BoardProcess[]
  /**
   * How long the longest waiting connection of this shard waits, if that can be told: a waiting connection does not name
   * its listener, so only when one shard alone has any. Undefined if it cannot be told.
   */
  oldestWaitMs: number | undefined
}

/** One process that accepts. */
export interface BoardProcess {
  pid: number
  stalled: boolean
  acceptsPerSecond: number
  open: number
  /** How long its event loop has been late: grows while it stands still. */
  lagMs: number
}

/** What the clients do and see, over all loads. */
export interface BoardClients {
  /** New connections begun a second, half-open ones left out. */
  startedPerSecond: number
  connectedPerSecond: number
  /** SYNs a second of clients that never answer. */
  halfOpenPerSecond: number
  /** Connections under way or held. */
  open: number
  /** SYNs sent again a second, as the clients' kernel counts them. */
  synRetransmitsPerSecond: number
}

/** What cannot be told apart by shard. */
interface BoardPort {
  address: string
  port: number
  synQueue: { length: number; peak: number; limit: number }
  oldestWaitMs: number
  connections: number
  receiveBytes: number
  receiveBytesMax: number
  sendBytes: number
  sendBytesMax: number
  zeroWindows: number
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
  shards: BoardShard[]
  /** Undefined while nobody listens. */
  portView: BoardPort | undefined
  clients: BoardClients
  /** -1 where the kernel has none of that name. */
  sysctls: Record<'syncookies' | 'abortOnOverflow' | 'migrateReq' | 'somaxconn', number>
  cookiesPerSecond: number
  moved: MovedCounter[]
}

/** The loads that a board can switch. */
export const LoadName = Type.Union([
  Type.Literal('gentle'),
  Type.Literal('burst'),
  Type.Literal('half-open'),
  Type.Literal('hold'),
  Type.Literal('slow-read'),
  Type.Literal('slow-write'),
])
export type LoadName = Static<typeof LoadName>

/** A load that runs, or the last one of its kind that has ended. */
export interface BoardLoad {
  name: LoadName
  running: boolean
  /** Connections, or SYNs, a second for those that have a rate, else how many. */
  amount: number
  error: string | undefined
}

export interface BoardExpectation {
  counted: string
  sentence: string
  expected: string
  seen: string
  passed: boolean
}

/** An experiment that runs in a lab of its own, or the last one that has. */
export interface BoardExperiment {
  name: string
  running: boolean
  /** Phases in the order in which they began; of several cases with the case before it. */
  phases: { name: string; timeMs: number }[]
  /** passed, failed, not judged or broken; undefined while it runs. */
  status: string | undefined
  reason: string | undefined
  expectations: BoardExpectation[]
  folder: string | undefined
}

/** All that is shown, at one moment. */
export interface BoardState extends LabPicture {
  loads: BoardLoad[]
  /** What is happening, why, and what would mend it. */
  words: string | undefined
  experiment: BoardExperiment | undefined
}

const closed = { additionalProperties: false } as const
const Shard = Type.Integer({ minimum: 1, maximum: 1024 })
const Amount = Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 })
const { stalled: _, ...otherFaults } = Faults.properties

/** Sysctls that a board may set. */
export const SysctlName = Type.Union([
  Type.Literal('net.ipv4.tcp_syncookies'),
  Type.Literal('net.ipv4.tcp_abort_on_overflow'),
  Type.Literal('net.ipv4.tcp_migrate_req'),
  Type.Literal('net.core.somaxconn'),
])
export type SysctlName = Static<typeof SysctlName>

/** The body of POST /switches: one thing that a switch does. */
export const BoardOrder = Type.Union([
  Type.Object(
    {
      do: Type.Union([
        Type.Literal('release'),
        Type.Literal('close'),
        Type.Literal('open'),
        Type.Literal('kill'),
        Type.Literal('restart'),
      ]),
      shard: Shard,
    },
    closed,
  ),
  Type.Object(
    {
      do: Type.Literal('stall'),
      shard: Shard,
      process: Type.Optional(Type.Integer({ minimum: 0, description: 'In mode shared: one process instead of all' })),
    },
    closed,
  ),
  Type.Object(
    { do: Type.Literal('fault'), shard: Shard, faults: Type.Partial(Type.Object(otherFaults), closed) },
    closed,
  ),
  Type.Object(
    { do: Type.Literal('relisten'), shard: Shard, backlog: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) },
    closed,
  ),
  Type.Object({ do: Type.Literal('steer'), steering: SteeringChange }, closed),
  Type.Object(
    {
      do: Type.Literal('sysctl'),
      name: SysctlName,
      value: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
    },
    closed,
  ),
  Type.Object({ do: Type.Literal('start load'), load: LoadName, amount: Amount }, closed),
  Type.Object({ do: Type.Literal('stop load'), load: LoadName }, closed),
  Type.Object({ do: Type.Literal('run experiment'), name: Type.String({ minLength: 1, maxLength: 100 }) }, closed),
  Type.Object({ do: Type.Literal('stop experiment') }, closed),
])
export type BoardOrder = Static<typeof BoardOrder>

/** The query of GET /plan. */
export const PlanQuery = Type.Object(
  {
    stallMs: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 60_000,
        description:
          'How long a backend stands still; if left out, as long as the longest accept wait of the last minute',
      }),
    ),
  },
  closed,
)

/** The answer of GET /plan: what backlog the arrivals of the last minute need. */
export interface BoardPlan {
  /** The stall that it is for. */
  stallMs: number
  /** The longest accept wait of the last minute, so far. */
  longestWaitMs: number
  /** What to set and why, or why nothing can be said. */
  words: string[]
  /** From what it is concluded, and what was left out. */
  basis: string[]
  /** For each socket; undefined if nothing can be said. */
  backlog: number | undefined
  /** Those that listen. `survives` is the longest stall, in words. */
  sockets: { shard: number; limit: number; enough: boolean; survives: string }[]
}

/** Performs what switches ask for. */
export interface BoardActions {
  /** Gives a sentence on what was done. A UsageError says why it cannot be. */
  perform(order: BoardOrder): Promise<string>
  experiments: readonly { name: string; teaches: string }[]
  /** What cannot be switched here, and why. */
  unavailable: Partial<Record<BoardOrder['do'], string>>
}

/** What the page is told once, inside of it. */
export interface PageConfig {
  /** Of this start of the server: a page that outlives it loads itself again. */
  start: string
  /** Goes with every order, in a header that no foreign page can send. */
  token: string
  experiments: BoardActions['experiments']
  unavailable: BoardActions['unavailable']
  /** The workshop's chapters that are installed. */
  chapters: string[]
}

/** What travels on the stream. */
export interface StreamEvent {
  start: string
  state: BoardState
}
