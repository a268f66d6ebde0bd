/**
 * Every sample, column by column: the payload of /samples, one batch about every stream interval. `atMs` is
 * CLOCK_MONOTONIC in milliseconds, at the beginning of the dump that gave the row.
 */
import { type Static, Type } from 'typebox'

const Numbers = Type.Array(Type.Number())

/** A row for each listening socket and each reading of the accept queues. */
const ListenerColumns = Type.Object({
  atMs: Numbers,
  address: Type.Array(Type.String()),
  port: Numbers,
  shard: Type.Array(Type.Number(), { description: '0 if it closed before it had a number' }),
  cookie: Type.Array(Type.String()),
  length: Numbers,
  limit: Numbers,
  drops: Numbers,
})

/** A row for each listening port and each count of half-open requests. */
const SynQueueColumns = Type.Object({
  atMs: Numbers,
  address: Type.Array(Type.String()),
  port: Numbers,
  length: Numbers,
  limit: Numbers,
})

/** A row for each listening port and each walk over its connections. */
const ConnectionColumns = Type.Object({
  atMs: Numbers,
  address: Type.Array(Type.String()),
  port: Numbers,
  established: Numbers,
  waiting: Numbers,
  waitingFinished: Numbers,
  oldestWaitMs: Numbers,
  receiveBytes: Numbers,
  sendBytes: Numbers,
  zeroWindows: Numbers,
})

/** A row for each counter that has changed since its last row. */
const CounterColumns = Type.Object({ atMs: Numbers, name: Type.Array(Type.String()), value: Numbers })

export const Samples = Type.Object({
  netns: Type.String(),
  listeners: ListenerColumns,
  synQueue: SynQueueColumns,
  connections: ConnectionColumns,
  counters: CounterColumns,
})
export type Samples = Static<typeof Samples>
