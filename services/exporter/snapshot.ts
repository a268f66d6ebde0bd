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
  seenSinceMs: Type.Optional(Type.Number({ description: 'When it was first seen, by the wall clock' })),
  inode: Count,
  cookie: Type.String(),
  uid: Count,
  process: Type.String({ description: 'Command of the first owner; empty if the exporter is not allowed to see it' }),
  pids: Type.Array(Count),
  container: Type.String({ description: 'Container id, 12 digits; empty outside containers' }),
})
export type ListenerSample = Static<typeof ListenerSample>

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
})
export type PortSample = Static<typeof PortSample>

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
    dumps: Type.Object({ listeners: DumpHealth, synQueue: DumpHealth, connections: DumpHealth, counters: DumpHealth }),
  }),
})
export type Snapshot = Static<typeof Snapshot>
