/** UNIX listeners that a Prometheus knows, as evidence. The kernel counts nothing there: what is known is what was sampled. */
import type { QueueEvidence } from '#findings/host/evidence.ts'
import type { Prometheus, Value } from '#planner/inputs/prometheus.ts'
import { APART_S, findBy, keyOf, NOW } from './instant.ts'
import { holdersIn, type Known, type Where } from './prometheus-known.ts'
import { limitSetBy } from './set-by.ts'

const LISTENER = ['instance', 'netns', 'path', 'shard'] as const
const PATH = ['instance', 'netns', 'path'] as const

/** Of the time between the two looks, or of the last ones, where no scrape fell between them. */
const between = (of: string, metric: string): string => `${of}(${metric}[${APART_S}s]) or ${of}(${metric}[${NOW}])`

export async function unixListenersOf(prometheus: Prometheus, rangeMs: number): Promise<Known<QueueEvidence>> {
  const ask = (query: string) => findBy(prometheus, query, LISTENER)
  const [known, info, length, before, changes, acceptors, hidden] = await Promise.all([
    prometheus.now('unix_listener_accept_queue_limit'),
    prometheus.now('unix_listener_info'),
    ask('unix_listener_accept_queue_length'),
    ask(`unix_listener_accept_queue_length offset ${APART_S}s`),
    ask(between('changes', 'unix_listener_accept_queue_length')),
    // A server with one worker has nobody who waits for connections while that one serves: it takes more than one look.
    ask(between('max_over_time', 'unix_listener_acceptors')),
    findBy(prometheus, 'spillway_owner_search_hidden_processes', ['instance']),
  ])
  // What has no length now is not known now: it must not pass for an empty queue.
  const values = known.filter((value) => length(value) !== undefined)
  const identities = new Map(info.map((value) => [keyOf(value, LISTENER), value.labels]))
  const shards = Map.groupBy(values, (value) => keyOf(value, PATH))
  const of = (value: Value, place: Where, somaxconn: number | undefined): QueueEvidence => {
    const { path = '', shard = '' } = value.labels
    const { server, ...holders } = holdersIn(identities.get(keyOf(value, LISTENER)), acceptors(value), hidden(value))
    return {
      ...place,
      path,
      shard: Number(shard),
      shards: shards.get(keyOf(value, PATH))?.length ?? 1,
      server,
      ...holders,
      overMs: rangeMs,
      length: length(value) ?? 0,
      // One that has had another length meanwhile did not stand still, though it may be the same again.
      lengthBefore: changes(value) === 0 ? before(value) : undefined,
      limit: value.value,
      setBy: limitSetBy(value.value, server, [], somaxconn),
      drops: undefined,
      dropsPerSecond: undefined,
      oldestWaitMs: undefined,
      oldestWaitBeforeMs: undefined,
      hungUp: undefined,
      accepted: undefined,
      acceptedBefore: undefined,
      closedFirst: undefined,
      unserved: undefined,
      synQueue: undefined,
    }
  }
  return { values, of }
}
