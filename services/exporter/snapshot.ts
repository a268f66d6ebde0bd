/** One snapshot of what the sampler holds: the payload of every /stream event, and the source of every scrape. */
import { type Static, Type } from 'typebox'

const Count = Type.Integer({ minimum: 0 })

/** What BPF tells of one listening socket; absent where it is not read. As old as the half-open requests of the port. */
export const ExactSample = Type.Object({
  synQueue: Type.Integer({ minimum: 0, description: 'Half-open requests of this socket alone' }),
  young: Type.Integer({
    minimum: 0,
    description: 'Those of them that are younger than a second: their SYN-ACK has not timed out yet',
  }),
  oldestWaitMs: Type.Union([Type.Number(), Type.Null()], {
    description: 'How long the first in its accept queue has waited since the final ACK; null if nobody waits',
  }),
})
export type ExactSample = Static<typeof ExactSample>

/** What has happened at a listening socket, with --exact; each part is absent where the kernel does not let it be watched. */
export const EventSample = Type.Object({
  joined: Type.Optional(Type.Integer({ minimum: 0, description: 'Connections that have come into its accept queue' })),
  timesFull: Type.Optional(Type.Integer({ minimum: 0, description: 'How often its accept queue has become full' })),
  accepted: Type.Optional(Type.Integer({ minimum: 0, description: 'Connections that were accepted' })),
  waits: Type.Optional(
    Type.Array(Count, {
      description:
        'These by the time since their final ACK: up to 50 µs, 100 µs, … (the buckets of tcp_listener_accept_wait_seconds), longer. ' +
        'Empty while there are none',
    }),
  ),
  waitSumMs: Type.Optional(Type.Number({ description: 'The sum of these times' })),
  finalAckDrops: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Final ACKs dropped because the accept queue was full' }),
  ),
  synDrops: Type.Optional(Type.Integer({ minimum: 0, description: 'SYNs dropped, for whatever reason' })),
})
export type EventSample = Static<typeof EventSample>

/** What Kubernetes calls a place; absent outside pods, and where the node's files do not tell. */
const PodNameSample = Type.Object({
  namespace: Type.String(),
  pod: Type.String(),
  container: Type.String({ description: 'Empty where only the pod is known' }),
})

/** Where nobody was seen to wait for connections: who could not be looked into. */
const UnseenSample = Type.Object(
  {
    processes: Type.Union([Count, Type.Null()], {
      description: 'Processes that may not be looked into; null where /proc does not tell how many they are',
    }),
    related: Type.Array(Type.Object({ pid: Count, command: Type.String() }), {
      description: 'Those of them that may well hold the socket, and wait at it',
    }),
  },
  {
    description:
      'Present where nobody was seen to wait and not all processes may be looked into: `acceptors` is then likely, or not known',
  },
)

/** A listening socket: one row a shard. */
export const ListenerSample = Type.Object({
  address: Type.String(),
  port: Count,
  shard: Type.Integer({ minimum: 1, description: 'A small number that a backend keeps when it is restarted' }),
  length: Type.Integer({ minimum: 0, description: 'Connections waiting at the last sample' }),
  limit: Type.Integer({ minimum: 0, description: 'N; N + 1 fit' }),
  peak: Type.Integer({
    minimum: 0,
    description: 'Highest length within the peak window: of all where `events` has `joined`, otherwise of the samples',
  }),
  atLeastSeconds: Type.Object(
    { '0.5': Type.Number(), '0.9': Type.Number(), '1': Type.Number() },
    {
      description:
        'Time at or above that share of N + 1 since the listener was first seen; resolution: the sampling interval, and of 1 none where `events` has `accepted`',
    },
  ),
  fullSecondsInWindow: Type.Number({ description: 'Time at N + 1 or above within the peak window' }),
  used: Type.Boolean({ description: 'Whether any client has been seen at its port since the exporter first read it' }),
  drops: Type.Integer({ minimum: 0, description: 'sk_drops; not all are overflows' }),
  dropsFromZero: Type.Optional(
    Type.Boolean({ description: 'Whether the kernel had counted no drop yet when they were first read' }),
  ),
  seenSinceMs: Type.Optional(Type.Number({ description: 'When it was first seen, by the wall clock' })),
  inode: Count,
  cookie: Type.String(),
  protocol: Type.Optional(
    Type.Union([Type.Literal('tcp'), Type.Literal('mptcp')], {
      description: 'What the socket was opened as; absent where the kernel cannot tell (MPTCP before Linux 5.19)',
    }),
  ),
  uid: Count,
  device: Type.String({ description: 'The network device that the socket is bound to; empty if it is bound to none' }),
  process: Type.String({ description: 'Command of `pid`; empty if the exporter is not allowed to see it' }),
  pid: Type.Union([Count, Type.Null()], {
    description:
      'One process that stands for the socket: the lowest that was seen to accept, otherwise the lowest owner',
  }),
  pids: Type.Array(Count, { description: 'All processes that hold the socket' }),
  acceptors: Type.Union([Type.Array(Count), Type.Null()], {
    description: 'Those that waited for connections when it was last looked: [] is nobody, null is not known',
  }),
  unseen: Type.Optional(UnseenSample),
  unit: Type.String({ description: 'Unit of systemd; empty outside units' }),
  container: Type.String({ description: 'Container id, whole; empty outside containers' }),
  pod: Type.String({ description: 'Uid of a pod of Kubernetes; empty outside pods' }),
  exact: Type.Optional(ExactSample),
  events: Type.Optional(EventSample),
  kubernetes: Type.Optional(PodNameSample),
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

/**
 * A local address and port with at least one listener: what cannot be attributed to a shard. What was never read is
 * absent, and so is what is too old to be shown.
 */
export const PortSample = Type.Object({
  address: Type.String(),
  port: Count,
  device: Type.Optional(
    Type.String({
      description: 'The network device that its listeners are bound to; absent if they are bound to none',
    }),
  ),
  used: Type.Boolean({ description: 'Whether any client has been seen here since the exporter first read it' }),
  synQueue: Type.Optional(Type.Object({ length: Count, peak: Count, limit: Count })),
  oldestWaitMs: Type.Optional(
    Type.Number({
      description: 'Longest accept wait so far of a connection that is still waiting; 0 if none is',
    }),
  ),
  waiting: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Connections whose handshake is complete and that are not accepted yet, from the same dump',
    }),
  ),
  connections: Type.Optional(
    Type.Record(Type.String(), Count, {
      description: 'By TCP state; LISTEN and half-open requests left out',
    }),
  ),
  receiveBytes: Type.Optional(Count),
  receiveBytesMax: Type.Optional(Count),
  sendBytes: Type.Optional(Count),
  sendBytesMax: Type.Optional(Count),
  zeroWindows: Type.Optional(Type.Integer({ minimum: 0, description: 'Connections whose peer has closed its window' })),
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
  ports: Type.Array(
    Type.Object({
      address: Type.String(),
      port: Count,
      device: Type.Optional(Type.String()),
      listeners: Count,
      reset: Count,
    }),
    {
      description: 'Those that still listen, and for some minutes those whose last listener has reset somebody',
    },
  ),
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
/** A listening UNIX socket. The kernel counts nothing of its queue: what a full one refuses shows nowhere but in the client. */
export const UnixListenerSample = Type.Object({
  path: Type.String({
    description: 'As given to bind(); @ in front of an abstract name; not printable bytes as \\x0a',
  }),
  shard: Type.Integer({ minimum: 1, description: 'A small number among the listeners of one path; 1 for most' }),
  type: Type.Union([Type.Literal('stream'), Type.Literal('seqpacket')]),
  length: Type.Integer({ minimum: 0, description: 'Connections waiting at the last sample' }),
  limit: Type.Integer({ minimum: 0, description: 'N; N + 1 fit' }),
  peak: Type.Integer({ minimum: 0, description: 'Highest length sampled within the peak window' }),
  atLeastSeconds: Type.Object({ '0.5': Type.Number(), '0.9': Type.Number(), '1': Type.Number() }),
  fullSecondsInWindow: Type.Number(),
  inode: Count,
  cookie: Type.String(),
  uid: Type.Union([Count, Type.Null()], { description: 'null before Linux 5.3' }),
  process: Type.String({ description: 'Command of the first owner; empty if the exporter is not allowed to see it' }),
  pids: Type.Array(Count),
  acceptors: Type.Optional(
    Type.Union([Type.Array(Count), Type.Null()], {
      description: 'Those that waited for connections when it was last looked: [] is nobody, null is not known',
    }),
  ),
  unseen: Type.Optional(UnseenSample),
  unit: Type.String({ description: 'Unit of systemd; empty if there is none' }),
  container: Type.String(),
  pod: Type.String(),
  kubernetes: Type.Optional(PodNameSample),
})
export type UnixListenerSample = Static<typeof UnixListenerSample>

/** The bound, unconnected UDP sockets of one address and port: most often one. */
export const UdpSocketSample = Type.Object({
  address: Type.String(),
  port: Count,
  sockets: Count,
  bytes: Type.Integer({ minimum: 0, description: 'Memory that waiting datagrams hold in the fullest of the sockets' }),
  limitBytes: Type.Integer({ minimum: 0, description: 'sk_rcvbuf of that socket' }),
  peakBytes: Type.Integer({ minimum: 0, description: 'Highest value of bytes within the peak window' }),
  drops: Type.Integer({ minimum: 0, description: 'sk_drops, added up over the sockets, closed ones included' }),
})
export type UdpSocketSample = Static<typeof UdpSocketSample>

/** Open files of a process that accepts, against its limit. */
export const ProcessFiles = Type.Object({
  process: Type.String(),
  container: Type.String(),
  kubernetes: Type.Optional(PodNameSample),
  pid: Count,
  open: Count,
  limit: Type.Union([Count, Type.Null()], { description: 'RLIMIT_NOFILE (soft); null if there is none' }),
})
export type ProcessFiles = Static<typeof ProcessFiles>

/** How one kind of dump performs. */
export const DumpHealth = Type.Object({
  lastSeconds: Type.Number({ description: 'Duration of the last dump' }),
  intervalSeconds: Type.Number({ description: 'Time between the last two' }),
  count: Count,
})
export type DumpHealth = Static<typeof DumpHealth>

/** Seconds since the last reading of a kind that the kernel answered began; null if there was none. */
const Age = Type.Union([Type.Number(), Type.Null()])

export const NamespaceSample = Type.Object({
  netns: Type.String({ description: 'The name given on the command line, otherwise the inode number' }),
  name: Type.String({ description: 'The name of a file below /run/netns or /run/docker/netns; empty if it has none' }),
  kubernetes: Type.Optional(PodNameSample),
  inode: Count,
  agesSeconds: Type.Record(Type.String(), Age, {
    description:
      'By kind of reading, at the time of the snapshot. A kind older than a few of its intervals is left out',
  }),
  listenersLeftOut: Type.Optional(Type.Integer({ minimum: 1, description: 'Listeners above --max-listeners' })),
  listeners: Type.Array(ListenerSample),
  ports: Type.Array(PortSample),
  counters: Type.Record(Type.String(), Type.Integer(), {
    description: 'TcpExt_… and Tcp_…; those at zero are left out. Empty if they are not known at present',
  }),
  closedListeners: Type.Optional(ClosedListenersSample),
  outgoing: Type.Optional(OutgoingSample),
  // What follows is absent where the kernel, or an older exporter, does not tell.
  unixListeners: Type.Optional(Type.Array(UnixListenerSample)),
  unixListenersLeftOut: Type.Optional(Count),
  udpSockets: Type.Optional(Type.Array(UdpSocketSample)),
  udpSocketsLeftOut: Type.Optional(Count),
  otherCounters: Type.Optional(
    Type.Record(Type.String(), Type.Integer(), { description: 'Udp_…, Icmp_…, Ip_… as node_exporter shows them' }),
  ),
  limits: Type.Optional(
    Type.Record(Type.String(), Type.Integer(), { description: 'Settings that bound queues, by sysctl' }),
  ),
  sockstat: Type.Optional(
    Type.Record(Type.String(), Count, { description: '/proc/net/sockstat: TCP_inuse …; memory in pages' }),
  ),
  tcpMemory: Type.Optional(
    Type.Object(
      {
        limitPages: Type.Union([Type.Object({ low: Count, pressure: Count, high: Count }), Type.Null()]),
        pressure: Type.Union([Type.Boolean(), Type.Null()]),
      },
      { description: 'net.ipv4.tcp_mem and whether TCP is short of memory, for the whole host' },
    ),
  ),
})
export type NamespaceSample = Static<typeof NamespaceSample>

export const Snapshot = Type.Object({
  sequence: Count,
  timeMs: Type.Number({ description: 'Wall clock, for display only' }),
  monotonicMs: Type.Number({ description: 'CLOCK_MONOTONIC, for rates' }),
  ownersAgeSeconds: Type.Union([Type.Number(), Type.Null()], {
    description: 'Time since owners and acceptors were last looked for; null while they cannot be',
  }),
  namespaces: Type.Array(NamespaceSample),
  unread: Type.Optional(
    Type.Object(
      {
        namespaces: Type.Integer({ minimum: 0, description: 'Network namespaces that were found and are not read' }),
        processes: Type.Integer({ minimum: 0, description: 'Processes whose namespace may not be looked at' }),
        processesOfListeners: Type.Integer({ minimum: 0, description: 'Processes whose files may not be looked at' }),
      },
      { description: 'What the exporter may not read; absent where that is nothing' },
    ),
  ),
  processes: Type.Optional(Type.Array(ProcessFiles)),
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
      unix: Type.Optional(DumpHealth),
      udp: Type.Optional(DumpHealth),
      limits: Type.Optional(DumpHealth),
    }),
    exact: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description: 'Why nothing is read by BPF, which was asked for; null if it is. Absent if it was not asked for',
      }),
    ),
    exactFeatures: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
        description: 'The same for each part of it: shards, peaks, accept_waits, drops',
      }),
    ),
    eventsMissed: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Events that are known to have happened and were not counted' }),
    ),
  }),
})
export type Snapshot = Static<typeof Snapshot>
