/** A port as a snapshot shows it: what its spells are judged from. */
import { fullName, type QueueCounter } from '#kernel/queue-counters.ts'
import type { ListenerSample, NamespaceSample, PortSample } from '#services/exporter/snapshot.ts'
import type { PortNow, QueueNow } from './last-spells.ts'

/** A listener of it. */
export const queueNow = ({ shard, length, limit, atLeastSeconds, drops, acceptors }: ListenerSample): QueueNow => ({
  shard,
  length,
  limit,
  fullSeconds: atLeastSeconds['1'],
  drops,
  acceptors: acceptors?.length,
})

/** Its queues, what is known of the port, and of their namespace. */
export function portNow(
  namespace: NamespaceSample | undefined,
  queues: readonly QueueNow[],
  port: PortSample | undefined,
): PortNow {
  // Those at zero are left out, and all of them where they are not known.
  const known = Object.keys(namespace?.counters ?? {}).length > 0
  const counter = (name: QueueCounter): number | undefined =>
    known ? (namespace?.counters[fullName(name)] ?? 0) : undefined
  return {
    queues: queues.toSorted((a, b) => a.shard - b.shard),
    oldestWaitMs: port?.oldestWaitMs,
    hungUp:
      port?.waitingFinished === undefined && port?.waitingReset === undefined
        ? undefined
        : (port.waitingFinished ?? 0) + (port.waitingReset ?? 0),
    counters: {
      opens: counter('PassiveOpens'),
      overflows: counter('ListenOverflows'),
      listenDrops: counter('ListenDrops'),
      synQueueFull: counter('TCPReqQFullDrop'),
    },
  }
}
