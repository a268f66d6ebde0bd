/** The backend's control API: what it accepts and what it answers. The lab speaks to it through these types. */
import { type Static, Type } from 'typebox'

const DelayMs = Type.Integer({ minimum: 0, maximum: 60_000 })

/** What can be made to go wrong in a backend. Everything off is the default. */
export const Faults = Type.Object(
  {
    stalled: Type.Boolean({
      description: 'The event loop stands still: nothing is accepted, read or answered. Burns no CPU',
    }),
    acceptDelayMs: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      description: 'The loop stands still this long after each accept()',
    }),
    readDelayMs: Type.Integer({
      ...DelayMs,
      description: 'Each connection waits this long before it is read, and between the chunks of a body',
    }),
    responseDelayMs: Type.Integer({ ...DelayMs, description: 'Each response waits this long; the loop goes on' }),
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

export const noFaults: Faults = {
  stalled: false,
  acceptDelayMs: 0,
  readDelayMs: 0,
  responseDelayMs: 0,
  neverRead: false,
  responseBytes: 0,
}

/** The body of PATCH /faults: what is named changes, the rest stays. */
export const FaultsChange = Type.Partial(Faults, { additionalProperties: false })
export type FaultsChange = Static<typeof FaultsChange>

/** The body of PUT /listener: opens a closed listener, or calls listen() again with another backlog. */
export const ListenerChange = Type.Object(
  { backlog: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })) },
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

/** The listening socket, read from the kernel at the moment of asking; also while the loop is stalled. */
export const Listener = Type.Object({
  address: Type.String(),
  port: Type.Integer(),
  backlog: Type.Integer({ description: 'What was asked for' }),
  limit: Type.Integer({ description: 'What the kernel granted, N: N + 1 connections fit' }),
  length: Type.Integer({ description: 'Connections waiting now' }),
  drops: Type.Integer({ description: 'sk_drops of the socket' }),
  inode: Type.Integer(),
  cookie: Type.String({ description: 'SO_COOKIE, decimal' }),
})
export type Listener = Static<typeof Listener>

/** Distribution of accept waits: `counts[i]` connections waited at most `upToMs[i]`, and more than `upToMs[i - 1]`. */
export const WaitHistogram = Type.Object({
  upToMs: Type.Array(Type.Number()),
  counts: Type.Array(Type.Integer()),
  count: Type.Integer(),
  sumMs: Type.Number(),
  maxMs: Type.Number(),
})
export type WaitHistogram = Static<typeof WaitHistogram>

/** The answer of GET /status. Counts are since the process started. */
export const BackendStatus = Type.Object({
  name: Type.String(),
  pid: Type.Integer(),
  mode: Mode,
  listener: Type.Union([Listener, Type.Null()], { description: 'null while closed' }),
  faults: Faults,
  accepts: Type.Integer({ description: 'Connections accepted' }),
  responses: Type.Integer({ description: 'HTTP responses sent' }),
  open: Type.Integer({ description: 'Connections open now' }),
  acceptWait: WaitHistogram,
  loopLagMs: Type.Number({ description: 'How late the event loop answered the last heartbeat; grows while stalled' }),
})
export type BackendStatus = Static<typeof BackendStatus>
