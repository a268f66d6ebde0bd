/** TCP listeners that a Prometheus knows, as evidence. */
import type { QueueEvidence } from '#findings/host/evidence.ts'
import type { Prometheus, Value } from '#planner/inputs/prometheus.ts'
import { APART_S, findBy, keyOf, NOW } from './instant.ts'
import { holdersIn, type Known, type Where } from './prometheus-known.ts'
import { limitSetBy } from './set-by.ts'

const LISTENER = ['instance', 'netns', 'address', 'port', 'shard'] as const
const PORT = ['instance', 'netns', 'address', 'port'] as const

export async function tcpListenersOf(
  prometheus: Prometheus,
  rangeMs: number,
  range: string,
): Promise<Known<QueueEvidence>> {
  const ask = (query: string, same: readonly string[] = LISTENER) => findBy(prometheus, query, same)
  const [known, info, length, before, drops, dropRate, acceptors, wait, waitBefore, unserved, unservedAge, hidden] =
    await Promise.all([
      prometheus.now('tcp_listener_accept_queue_limit'),
      prometheus.now('tcp_listener_info'),
      ask('tcp_listener_accept_queue_length'),
      ask(`tcp_listener_accept_queue_length offset ${APART_S}s`),
      ask(`increase(tcp_listener_drops_total[${range}])`),
      ask(`rate(tcp_listener_drops_total[${NOW}])`),
      ask('tcp_listener_acceptors'),
      ask('tcp_port_accept_wait_oldest_seconds', PORT),
      ask(`tcp_port_accept_wait_oldest_seconds offset ${APART_S}s`, PORT),
      ask('tcp_port_unserved_connections', PORT),
      ask('tcp_port_unserved_oldest_seconds', PORT),
      ask('spillway_owner_search_hidden_processes', ['instance']),
    ])
  // What has no length now is not known now: it must not pass for an empty queue.
  const values = known.filter((value) => length(value) !== undefined)
  const identities = new Map(info.map((value) => [keyOf(value, LISTENER), value.labels]))
  const shards = Map.groupBy(values, (value) => keyOf(value, PORT))
  const of = (value: Value, place: Where, somaxconn: number | undefined): QueueEvidence => {
    const { address = '', port = '', shard = '' } = value.labels
    const labels = identities.get(keyOf(value, LISTENER))
    const { server, ...holders } = holdersIn(labels, acceptors(value), hidden(value))
    const notServed = unserved(value)
    return {
      ...place,
      address,
      port: Number(port),
      mptcp: labels?.protocol === 'mptcp',
      shard: Number(shard),
      shards: shards.get(keyOf(value, PORT))?.length ?? 1,
      server,
      ...holders,
      overMs: rangeMs,
      length: length(value) ?? 0,
      lengthBefore: before(value),
      limit: value.value,
      setBy: limitSetBy(value.value, server, [], somaxconn),
      // increase() extrapolates to the ends of its range: a count need not be whole.
      drops: Math.round(drops(value) ?? 0),
      dropsPerSecond: dropRate(value),
      oldestWaitMs: inMs(wait(value)),
      oldestWaitBeforeMs: inMs(waitBefore(value)),
      hungUp: undefined,
      accepted: undefined,
      acceptedBefore: undefined,
      closedFirst: undefined,
      unserved:
        notServed === undefined ? undefined : { connections: notServed, oldestMs: inMs(unservedAge(value)) ?? 0 },
      synQueue: undefined,
    }
  }
  return { values, of }
}

const inMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000)
