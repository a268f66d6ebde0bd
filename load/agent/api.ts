/** The load agent's API: which loads it can run, and what it reports while they run and at the end. */
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const Rate = Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description: 'Per second' })
const DurationMs = Type.Integer({ minimum: 1, maximum: 3_600_000 })

const Label = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'Repeated in reports. Only one load of a label runs: a new one replaces the old one',
  }),
)

const KeepRecords = Type.Boolean({ default: false, description: 'Keep a record of each connection' })

export const Target = Type.Object({ host: Type.String(), port: Type.Integer({ minimum: 1, maximum: 65_535 }) }, closed)
export type Target = Static<typeof Target>

/** The same, or a UNIX stream socket by its path: for clients that need nothing of TCP. */
export const StreamTarget = Type.Union([
  Target,
  Type.Object({ path: Type.String({ minLength: 1, maxLength: 107 }) }, closed),
])
export type StreamTarget = Static<typeof StreamTarget>

/** When connections begin. The schedule never waits for responses. Without a duration it runs until it is stopped. */
export const Arrivals = Type.Union([
  Type.Object({ shape: Type.Literal('constant'), ratePerSecond: Rate, durationMs: Type.Optional(DurationMs) }, closed),
  Type.Object(
    {
      shape: Type.Literal('poisson'),
      ratePerSecond: Rate,
      durationMs: Type.Optional(DurationMs),
      seed: Type.Optional(Type.Integer()),
    },
    closed,
  ),
  Type.Object({ shape: Type.Literal('burst'), connections: Type.Integer({ minimum: 1, maximum: 60_000 }) }, closed),
  Type.Object(
    {
      shape: Type.Literal('trace'),
      atMs: Type.Array(Type.Number({ minimum: 0 }), { minItems: 1, maxItems: 1_000_000 }),
    },
    closed,
  ),
])
export type Arrivals = Static<typeof Arrivals>

/** Open-loop connections: connect, send one request, read the response, close. */
export const ConnectionsLoad = Type.Object(
  {
    kind: Type.Literal('connections'),
    target: StreamTarget,
    label: Label,
    arrivals: Arrivals,
    path: Type.Optional(Type.String({ pattern: '^/[!-~]*$', default: '/' })),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000, default: 10_000 })),
    closer: Type.Optional(
      Type.Union([Type.Literal('server'), Type.Literal('client')], {
        default: 'server',
        description: 'Which side closes first once the response is complete, and so keeps the connection in TIME_WAIT',
      }),
    ),
    send: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]*={0,2}$',
        maxLength: 1_000_000,
        description:
          'First bytes in place of a request of HTTP, as Base64: whatever comes back is an answer. Empty: it only connects',
      }),
    ),
    greeted: Type.Optional(
      Type.Boolean({
        description: 'The server speaks first: its clients send nothing, and whatever comes is an answer',
      }),
    ),
    records: Type.Optional(KeepRecords),
  },
  closed,
)
export type ConnectionsLoad = Static<typeof ConnectionsLoad>

/** SYNs from addresses at which nothing answers. Only inside a lab. */
export const HalfOpenLoad = Type.Object(
  {
    kind: Type.Literal('half-open'),
    target: Target,
    label: Label,
    ratePerSecond: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 10_000_000, description: 'As fast as possible if left out' }),
    ),
    durationMs: Type.Integer({ minimum: 1, maximum: 60_000 }),
    maxSyns: Type.Optional(Type.Integer({ minimum: 1, maximum: 50_000_000 })),
    sources: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: 'Number of source addresses' })),
    sourcePorts: Type.Optional(
      Type.Union([Type.Literal('counting'), Type.Literal('random')], {
        default: 'counting',
        description:
          'counting: no pair of address and port repeats before all have been used. random: pairs may repeat',
      }),
    ),
  },
  closed,
)
export type HalfOpenLoad = Static<typeof HalfOpenLoad>

/** Connections that are opened and stay silent until they are told to speak or the load ends. */
export const HoldLoad = Type.Object(
  {
    kind: Type.Literal('hold'),
    target: StreamTarget,
    label: Label,
    connections: Type.Integer({ minimum: 1, maximum: 60_000 }),
    ratePerSecond: Type.Optional(Rate),
    durationMs: Type.Optional(DurationMs),
    records: Type.Optional(KeepRecords),
  },
  closed,
)
export type HoldLoad = Static<typeof HoldLoad>

/** Clients that request large responses and read them slowly: the backend's send queues fill. */
export const SlowReadLoad = Type.Object(
  {
    kind: Type.Literal('slow-read'),
    target: StreamTarget,
    label: Label,
    connections: Type.Integer({ minimum: 1, maximum: 10_000 }),
    bytesPerSecond: Type.Number({ minimum: 0, description: 'Per connection; 0 reads nothing' }),
    responseBytes: Type.Integer({ minimum: 1, maximum: 67_108_864 }),
    repeat: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]+={0,2}$',
        maxLength: 100_000,
        description:
          'A request, as Base64, that is sent again and again, half a megabyte of it, in place of one for a large response: for servers that have none',
      }),
    ),
    durationMs: Type.Optional(DurationMs),
    records: Type.Optional(KeepRecords),
  },
  closed,
)
export type SlowReadLoad = Static<typeof SlowReadLoad>

/** Clients that send a long body slowly, or as fast as the kernel takes it: with a backend that does not read, its receive queues fill. */
export const SlowWriteLoad = Type.Object(
  {
    kind: Type.Literal('slow-write'),
    target: StreamTarget,
    label: Label,
    connections: Type.Integer({ minimum: 1, maximum: 10_000 }),
    bytesPerSecond: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Per connection; as fast as possible if left out' }),
    ),
    bodyBytes: Type.Integer({ minimum: 1, maximum: 1_073_741_824 }),
    durationMs: Type.Optional(DurationMs),
    records: Type.Optional(KeepRecords),
  },
  closed,
)
export type SlowWriteLoad = Static<typeof SlowWriteLoad>

/**
 * Three-way handshakes by hand: the SYNs leave at once, and every later packet is sent when a step asks for it. Only
 * inside a lab, over IPv4.
 */
export const HandshakeLoad = Type.Object(
  {
    kind: Type.Literal('handshake'),
    target: Target,
    label: Label,
    connections: Type.Integer({ minimum: 1, maximum: 100 }),
    records: Type.Optional(KeepRecords),
  },
  closed,
)
export type HandshakeLoad = Static<typeof HandshakeLoad>

export const LoadRequest = Type.Union([
  ConnectionsLoad,
  HalfOpenLoad,
  HoldLoad,
  SlowReadLoad,
  SlowWriteLoad,
  HandshakeLoad,
])
export type LoadRequest = Static<typeof LoadRequest>

/** The body of POST /loads/:id/speak: what every held connection sends. One byte if left out. */
export const SpeakRequest = Type.Object(
  { text: Type.Optional(Type.String({ minLength: 1, maxLength: 65_536 })) },
  closed,
)
export type SpeakRequest = Static<typeof SpeakRequest>

/**
 * The next packet of a handshake by hand. `ack`: the final ACK, without data. `request`: an HTTP request, which also acts
 * as that ACK. Both wait for the SYN-ACK, and both can be sent again. `reset`: an RST.
 */
export const HandshakeStep = Type.Union([Type.Literal('ack'), Type.Literal('request'), Type.Literal('reset')])
export type HandshakeStep = Static<typeof HandshakeStep>

/** The body of POST /loads/:id/steps. The answer is the connection's Handshake. */
export const StepRequest = Type.Object(
  { connection: Type.Integer({ minimum: 1, maximum: 100, description: 'Counts from 1' }), send: HandshakeStep },
  closed,
)
export type StepRequest = Static<typeof StepRequest>

/** A latency distribution, in milliseconds, from an HDR histogram with 3 significant digits; all 0 while `count` is 0. */
export const Latency = Type.Object({
  count: Type.Integer(),
  min: Type.Number(),
  mean: Type.Number(),
  stdev: Type.Number(),
  p50: Type.Number(),
  p90: Type.Number(),
  p99: Type.Number(),
  p999: Type.Number(),
  max: Type.Number(),
})
export type Latency = Static<typeof Latency>

/** How connections ended. `ok`: answered, or still open as intended for those that stay silent. */
export const Outcomes = Type.Object({
  ok: Type.Integer(),
  refused: Type.Integer({ description: 'RST in reply to the SYN: nothing listens there' }),
  reset: Type.Integer({ description: 'RST after the handshake' }),
  timedOut: Type.Integer(),
  noPortLeft: Type.Integer({ description: 'EADDRNOTAVAIL: no source port left' }),
  closedEarly: Type.Integer({ description: 'FIN before the response was complete' }),
  failed: Type.Integer({ description: 'Any other failure; `failures` says which' }),
  abandoned: Type.Integer({ description: 'Without an outcome when the load was stopped or its time was up' }),
})
export type Outcomes = Static<typeof Outcomes>

/** The record of one connection, in milliseconds of CLOCK_MONOTONIC; what did not happen is left out. */
export const ConnectionRecord = Type.Object({
  scheduledMs: Type.Number(),
  startedMs: Type.Number(),
  connectedMs: Type.Optional(Type.Number()),
  acceptedMs: Type.Optional(Type.Number({ description: "By the backend's clock, which is the same as the client's" })),
  acceptWaitMs: Type.Optional(
    Type.Number({ description: 'As the kernel reported it to the backend; resolution: one jiffy' }),
  ),
  firstByteMs: Type.Optional(Type.Number()),
  closedMs: Type.Optional(Type.Number()),
  synRetransmits: Type.Optional(Type.Integer()),
  backend: Type.Optional(Type.String({ description: 'The backend that answered' })),
  outcome: Type.String(),
})
export type ConnectionRecord = Static<typeof ConnectionRecord>

/**
 * One handshake by hand, an item of GET /loads/:id/handshakes: the connection record so far and the state of the
 * handshake. It starts with the SYN (`startedMs`) and is connected from its first ACK or request. Times of incoming packets
 * are accurate to 5 ms.
 */
export const Handshake = Type.Object({
  ...ConnectionRecord.properties,
  connection: Type.Integer({ description: 'Counts from 1, in the order of the SYNs' }),
  address: Type.String({ description: 'Its source address' }),
  port: Type.Integer(),
  state: Type.Union([
    Type.Literal('syn-sent', { description: 'No SYN-ACK yet' }),
    Type.Literal('half-open', { description: 'The SYN-ACK has arrived and is not answered yet' }),
    Type.Literal('acked', { description: 'Connected, as seen by the client' }),
    Type.Literal('requested'),
    Type.Literal('over'),
  ]),
  synAcksMs: Type.Array(Type.Number(), {
    description:
      'Each SYN-ACK: the kernel retransmits it after 1, 3, 7 … s, until it accepts the final ACK or gives up',
  }),
  requestedMs: Type.Optional(Type.Number({ description: 'When the first request was sent' })),
  answeredMs: Type.Optional(Type.Number({ description: 'When the response was complete' })),
})
export type Handshake = Static<typeof Handshake>

/**
 * A load: progress while it runs, the result once `state` is `done` or `failed`. Every connection that began is either
 * `open` or has one outcome. `connectMs` counts from the SYN; `firstByteMs` and `totalMs` count from the scheduled
 * time, so that a late client cannot hide its own lag. `totalMs` covers complete responses only.
 */
export const LoadReport = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  label: Type.Optional(Type.String({ description: 'As in the request' })),
  amount: Type.Optional(
    Type.Number({
      description:
        'What was requested: connections or SYNs a second if the load has a rate, otherwise connections. Absent for a trace',
    }),
  ),
  state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
  error: Type.Optional(Type.String()),
  elapsedMs: Type.Number(),
  allBegun: Type.Boolean({ description: 'The schedule is over: no more connections begin' }),
  started: Type.Integer({ description: 'Connections begun, or SYNs written' }),
  open: Type.Integer({ description: 'Connections in progress or held' }),
  connected: Type.Integer({ description: 'Handshakes that completed, as seen by the client' }),
  bytesRead: Type.Integer(),
  bytesWritten: Type.Integer(),
  outcomes: Outcomes,
  synRetransmits: Type.Integer({ description: 'Retransmitted SYNs, over all connections that were established' }),
  connectMs: Latency,
  acceptWaitMs: Latency,
  firstByteMs: Latency,
  totalMs: Latency,
  scheduleLagMs: Latency,
  clientLagMs: Type.Optional(
    Type.Number({ description: 'The most by which a timer of the agent was late while the load ran' }),
  ),
  failures: Type.Record(Type.String(), Type.Integer(), {
    description: 'Why connections `failed`, and how many for each reason',
  }),
  kernelBusy: Type.Integer({
    description: 'How often the kernel accepted no more SYNs and they had to wait (ENOBUFS, EAGAIN)',
  }),
  records: Type.Object({
    kept: Type.Integer(),
    notKept: Type.Integer({ description: 'Above the limit' }),
  }),
  seed: Type.Optional(Type.Integer({ description: 'For Poisson arrivals: the same seed gives the same arrivals' })),
})
export type LoadReport = Static<typeof LoadReport>

/** Among `failures`: the peer speaks something else. */
export const NOT_HTTP = 'the response is not HTTP'

/** The answer of GET /loads/ID/state: what costs nothing to report. */
export type LoadState = Pick<LoadReport, 'state' | 'allBegun'>

/** The answer of GET /counters: TcpExt_… and Tcp_… of the clients' network namespace. */
export const CountersReport = Type.Object({
  monotonicMs: Type.Number(),
  counters: Type.Record(Type.String(), Type.Integer(), { description: 'Counters at zero are left out' }),
})
export type CountersReport = Static<typeof CountersReport>
