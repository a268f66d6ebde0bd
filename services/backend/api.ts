/** The backend's control API: what it accepts and what it answers. The lab speaks to it through these types. */
import { type Static, Type } from 'typebox'

const DelayMs = Type.Integer({ minimum: 0, maximum: 60_000 })

/** What can be made to go wrong in a backend. Everything off is the default. */
export const Faults = Type.Object(
  {
    stalled: Type.Boolean({
      description: 'The event loop is blocked: nothing is accepted, read or answered. Uses no CPU',
    }),
    acceptDelayMs: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      description: 'The event loop is blocked for this long after each accept()',
    }),
    readDelayMs: Type.Integer({
      ...DelayMs,
      description: 'Each connection waits this long before it is read, and between the chunks of a body',
    }),
    responseDelayMs: Type.Integer({
      ...DelayMs,
      description: 'Each response waits this long; the event loop keeps running',
    }),
    neverRead: Type.Boolean({ description: 'Connections are accepted and never read: their receive queues fill' }),
    responseBytes: Type.Integer({
      minimum: 0,
      maximum: 67_108_864,
      description: 'Each response carries this many bytes',
    }),
  },
  { additionalProperties: false },
)
export type Faults = Static<typeof Faults>

/** The body of PATCH /faults: the faults it names change, the rest stay as they are. */
export const FaultsChange = Type.Partial(Faults, { additionalProperties: false })
export type FaultsChange = Static<typeof FaultsChange>

/** The query of PATCH /faults: in shared mode, one process instead of all. */
export const FaultsQuery = Type.Object(
  {
    process: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Its index in the list of GET /status; all if left out' }),
    ),
  },
  { additionalProperties: false },
)

/** The body of PUT /listener: opens a closed listener, or calls listen() again with another backlog, or sets TCP_DEFER_ACCEPT. */
export const ListenerChange = Type.Object(
  {
    backlog: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
    deferAcceptSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 3600,
        description: 'TCP_DEFER_ACCEPT of the live socket; 0 switches it off',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ListenerChange = Static<typeof ListenerChange>

/** The body of PUT /steering; see #kernel/reuseport.ts. */
export const SteeringChange = Type.Union([
  Type.Object({ by: Type.Literal('hash') }, { additionalProperties: false }),
  Type.Object({ by: Type.Literal('cpu') }, { additionalProperties: false }),
  Type.Object({ by: Type.Literal('random'), members: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
  Type.Object({ by: Type.Literal('member'), member: Type.Integer({ minimum: 0 }) }, { additionalProperties: false }),
])

export const Mode = Type.Union([Type.Literal('sharded'), Type.Literal('shared'), Type.Literal('single')])
export type Mode = Static<typeof Mode>

/** The listening socket, read from the kernel at the moment of the request, even while the loop is stalled. */
export const Listener = Type.Object({
  address: Type.String(),
  port: Type.Integer(),
  backlog: Type.Integer({ description: 'The backlog that was asked for' }),
  limit: Type.Integer({ description: 'The limit that the kernel granted, N: N + 1 connections fit' }),
  length: Type.Integer({ description: 'Connections waiting now' }),
  drops: Type.Integer({ description: 'sk_drops of the socket' }),
  inode: Type.Integer(),
  cookie: Type.String({ description: 'SO_COOKIE, decimal' }),
})
export type Listener = Static<typeof Listener>

/**
 * Distribution of accept waits: `counts[i]` connections waited at most `upToMs[i]`, and more than `upToMs[i - 1]`.
 * Empty buckets are left out. The kernel reports whole milliseconds with a resolution of one jiffy: up to 5000 each value
 * has its own bucket, beyond that a bucket is at most 2 % wide (100 ms up to 50 s, 1 s up to 500 s, and so on).
 */
export const WaitHistogram = Type.Object({
  upToMs: Type.Array(Type.Number()),
  counts: Type.Array(Type.Integer()),
  count: Type.Integer(),
  sumMs: Type.Number(),
  maxMs: Type.Number(),
})
export type WaitHistogram = Static<typeof WaitHistogram>

/** One process that accepts from the port. Only in shared mode is there more than one. */
export const ProcessStatus = Type.Object({
  pid: Type.Integer(),
  faults: Faults,
  accepts: Type.Integer(),
  responses: Type.Integer(),
  open: Type.Integer(),
  loopLagMs: Type.Number(),
  lateness: Type.Optional(
    Type.Array(Type.Object({ atMs: Type.Number(), lateMs: Type.Number() }), {
      description:
        'The last times at which its loop had stood still for 10 ms or more that no fault asked for, by CLOCK_MONOTONIC',
    }),
  ),
  cpuSeconds: Type.Number({ description: 'CPU time used by all its threads' }),
})

/** What distinguishes the process from all others, so that no other is ended by mistake; see #kernel/process.ts. Left out where /proc is hidden. */
const ProcessIdentity = Type.Object({
  pid: Type.Integer(),
  pidNamespace: Type.Integer({ description: 'Its inode' }),
  startTicks: Type.Integer({ description: 'Start of the process, in clock ticks since the machine started' }),
  boot: Type.String({ description: 'Boot ID of the machine' }),
})

/** The answer of GET /status, and of every request that changes something. Counts are since the process started. */
export const BackendStatus = Type.Object({
  name: Type.String(),
  pid: Type.Integer(),
  identity: Type.Optional(ProcessIdentity),
  mode: Mode,
  listener: Type.Union([Listener, Type.Null()], { description: 'null while closed' }),
  faults: Type.Object(Faults.properties, { description: 'Of the first process; see `processes`' }),
  accepts: Type.Integer({ description: 'Connections accepted' }),
  responses: Type.Integer({ description: 'HTTP responses sent' }),
  bodyBytes: Type.Integer({
    description: 'Bytes of response bodies generated, sent or not; what a client does not read is not generated',
  }),
  open: Type.Integer({ description: 'Connections open now' }),
  acceptWait: WaitHistogram,
  loopLagMs: Type.Number({
    description: 'How late the event loop answered the last heartbeat; grows while the loop is stalled',
  }),
  somaxconn: Type.Integer({ description: 'net.core.somaxconn as it is now, the most that any listen() is granted' }),
  processes: Type.Array(ProcessStatus, { description: 'The processes that accept; the first one serves this API' }),
})
export type BackendStatus = Static<typeof BackendStatus>

/** The answer of GET /health: the name and pid of the running process. */
export const Health = Type.Object({ name: Type.String(), pid: Type.Integer() })

/** Every response that is not a success. */
export const Refusal = Type.Object({
  error: Type.String(),
  field: Type.Optional(Type.String({ description: 'The field of the request that is wrong' })),
  remedy: Type.Optional(Type.String({ description: 'What can be done about it' })),
})
