/** One snapshot of what the sampler holds: the payload of every /stream event, and the source of every scrape. */
import { type Static, Type } from 'typebox'

const Count = Type.Integer({ minimum: 0 })

/** A listening socket: one row a shard. */
export const ListenerSample = Type.Object({
  address: Type.String(),
  port: Count,
  shard: Type.Integer({ minimum: 1, description: 'A small number that a backend keeps when it is restarted' }),
  length: Type.Integer({ minimum: 0, description: 'Connections waiting at the last sample' }),
  limit: Type.Integer({ minimum: 0, description: 'N; N + 1 fit' }),
  peak: Type.Integer({ minimum: 0, description: 'Highest length sampled within the peak window' }),
  atLeastSeconds: Type.Object(
    { '0.5': Type.Number(), '0.9': Type.Number(), '1': Type.Number() },
    {
      description:
        'Time at or above that share of N + 1 since the listener was first seen; resolution: the sampling interval',
    },
  ),
  fullSecondsInWindow: Type.Number({ description: 'Time at N + 1 or above within the peak window' }),
  drops: Type.Integer({ minimum: 0, description: 'sk_drops; not all are overflows' }),
  inode: Count,
  cookie: Type.String(),
  uid: Count,
  process: Type.String({ description: 'Command of the first owner; empty if the exporter is not allowed to see it' }),
  pids: Type.Array(Count),
  container: Type.String({ description: 'Container id, 12 digits; empty outside containers' }),
})
export type ListenerSample = Static<typeof ListenerSample>

/** Connections of a port that its process has accepted; absent if there are none. */
export const PastAcceptSample = Type.Object({
  accepted: Type.Integer({ minimum: 0, description: 'ESTABLISHED or CLOSE_WAIT' }),
  unread: Type.Integer({ minimum: 0, description: 'Those with received bytes that nobody has read' }),
  unreadOldestMs: Type.Number({ description: 'Longest time since data last arrived at one of these' }),
  silent: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Those on which neither side has sent a byte; absent before Linux 4.19' }),
  ),
  silentOldestMs: Type.Optional(Type.Number({ description: 'Age of the oldest of these' })),
  unserved: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Those with all received bytes unread and nothing sent; absent before Linux 4.19',
    }),
  ),
  unservedOldestMs: Type.Optional(Type.Number({ description: 'Longest time since data last arrived at one of these' })),
})
export type PastAcceptSample = Static<typeof PastAcceptSample>

/** Quantiles of the smoothed round-trip times of the open connections, in microseconds; 1 is the highest. */
export const RoundTripSample = Type.Object({ '0.5': Type.Number(), '0.9': Type.Number(), '1': Type.Number() })
export type RoundTripSample = Static<typeof RoundTripSample>

/** A local address and port with at least one listener: what cannot be attributed to a shard. */
export const PortSample = Type.Object({
  address: Type.String(),
  port: Count,
  synQueue: Type.Object({ length: Count, peak: Count, limit: Count }),
  oldestWaitMs: Type.Number({
    description: 'Longest accept wait so far of a connection that is still waiting; 0 if none is',
  }),
  waiting: Type.Integer({
    minimum: 0,
    description: 'Connections whose handshake is complete and that are not accepted yet, from the same dump',
  }),
  connections: Type.Record(Type.String(), Count, {
    description: 'By TCP state; LISTEN and half-open requests left out',
  }),
  receiveBytes: Count,
  receiveBytesMax: Count,
  sendBytes: Count,
  sendBytesMax: Count,
  zeroWindows: Type.Integer({ minimum: 0, description: 'Connections whose peer has closed its window' }),
  synQueueRetried: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Half-open requests whose SYN-ACK was sent again; absent if there are none at all',
    }),
  ),
  waitingFinished: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'Those of `waiting` whose client has sent a FIN; half-closed ones still listen. Absent if none waits',
    }),
  ),
  waitingReset: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'Places whose client has sent an RST, in accept queues that have not moved for a second; absent if none stands still',
    }),
  ),
  retransmitting: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Connections that send lost data again; absent if none is open' }),
  ),
  pastAccept: Type.Optional(PastAcceptSample),
  roundTripUs: Type.Optional(RoundTripSample),
})
export type PortSample = Static<typeof PortSample>

/** Listeners that have closed since they were first read. About right: each queue is known by its last sample. */
export const ClosedListenersSample = Type.Object({
  listeners: Count,
  reset: Type.Integer({ minimum: 0, description: 'Clients that waited in their queues and were not taken over' }),
  ports: Type.Array(Type.Object({ address: Type.String(), port: Count, listeners: Count, reset: Count }), {
    description: 'Those that still listen, and for some minutes those whose last listener has reset somebody',
  }),
})
export type ClosedListenersSample = Static<typeof ClosedListenersSample>

const ByState = Type.Record(Type.String(), Count, { description: 'By TCP state; those without any left out' })

/** Connections that processes of a namespace have opened. */
export const OutgoingSample = Type.Object({
  destinations: Type.Array(
    Type.Object({
      address: Type.String(),
      port: Count,
      connections: ByState,
      ports: Type.Optional(
        Type.Integer({
          minimum: 0,
          description: 'Ports of ip_local_port_range in use, of the own address with the most',
        }),
      ),
    }),
    { description: 'Those with the most connections, and the one with the most ports' },
  ),
  others: Type.Object({ destinations: Count, connections: ByState }),
  portsLimit: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Ports of ip_local_port_range that are not reserved' }),
  ),
  timeWaitReuse: Type.Optional(Type.Integer({ description: 'net.ipv4.tcp_tw_reuse' })),
})
export type OutgoingSample = Static<typeof OutgoingSample>

/** How one kind of dump performs. */
export const DumpHealth = Type.Object({
  lastSeconds: Type.Number({ description: 'Duration of the last dump' }),
  intervalSeconds: Type.Number({ description: 'Time between the last two' }),
  count: Count,
})
export type DumpHealth = Static<typeof DumpHealth>

export const NamespaceSample = Type.Object({
  netns: Type.String({ description: 'The name given on the command line, otherwise the inode number' }),
  inode: Count,
  listeners: Type.Array(ListenerSample),
  ports: Type.Array(PortSample),
  counters: Type.Record(Type.String(), Type.Integer(), {
    description: 'TcpExt_… and Tcp_…; those at zero are left out',
  }),
  closedListeners: Type.Optional(ClosedListenersSample),
  outgoing: Type.Optional(OutgoingSample),
})
export type NamespaceSample = Static<typeof NamespaceSample>

export const Snapshot = Type.Object({
  sequence: Count,
  timeMs: Type.Number({ description: 'Wall clock, for display only' }),
  monotonicMs: Type.Number({ description: 'CLOCK_MONOTONIC, for rates' }),
  namespaces: Type.Array(NamespaceSample),
  sampler: Type.Object({
    intervalSeconds: Type.Number({ description: 'As asked for' }),
    samples: Count,
    late: Type.Integer({ minimum: 0, description: 'Samples that began more than half an interval late' }),
    failed: Count,
    cpuSeconds: Type.Number({ description: 'CPU time of the sampler thread' }),
    dumps: Type.Object({
      listeners: DumpHealth,
      synQueue: DumpHealth,
      connections: DumpHealth,
      counters: DumpHealth,
      outgoing: Type.Optional(DumpHealth),
    }),
  }),
})
export type Snapshot = Static<typeof Snapshot>
