/** UDP sockets that a Prometheus knows, as evidence: what they hold now, and what they dropped in the range. */
import type { UdpEvidence } from '#findings/host/evidence.ts'
import type { Prometheus } from '#planner/inputs/prometheus.ts'
import { findBy, NOW } from './instant.ts'
import type { Known } from './prometheus-known.ts'

const SOCKET = ['instance', 'netns', 'address', 'port'] as const

export async function udpSocketsOf(prometheus: Prometheus, range: string): Promise<Known<UdpEvidence>> {
  const ask = (query: string) => findBy(prometheus, query, SOCKET)
  const [known, bytes, drops, rate] = await Promise.all([
    prometheus.now('udp_socket_receive_queue_limit_bytes'),
    ask('udp_socket_receive_queue_bytes'),
    ask(`increase(udp_socket_drops_total[${range}])`),
    ask(`rate(udp_socket_drops_total[${NOW}])`),
  ])
  return {
    values: known.filter((value) => bytes(value) !== undefined),
    of: (value, place) => ({
      ...place,
      address: value.labels.address ?? '',
      port: Number(value.labels.port),
      shard: 1,
      bytes: bytes(value) ?? 0,
      limitBytes: value.value,
      // increase() extrapolates to the ends of its range: a count need not be whole.
      drops: Math.round(drops(value) ?? 0),
      dropsPerSecond: rate(value),
    }),
  }
}
