/** What a Prometheus knows of every listener that the exporter shows. */
import type { ListenerHistory } from '../listeners.ts'
import type { Prometheus, Value } from './prometheus.ts'

/** Long enough for two scrapes of any usual interval. */
const WINDOW = '2m'
const STEP_SECONDS = 30

export async function listenerHistories(prometheus: Prometheus, rangeMs: number): Promise<ListenerHistory[]> {
  const range = `${Math.round(rangeMs / 1000)}s`
  const [limits, peaks, drops, worst, full, info, overflows, rates, seen] = await Promise.all(
    [
      'tcp_listener_accept_queue_limit',
      `max_over_time(tcp_listener_accept_queue_peak[${range}])`,
      `increase(tcp_listener_drops_total[${range}])`,
      `max_over_time(increase(tcp_listener_drops_total[${WINDOW}])[${range}:30s])`,
      `increase(tcp_listener_accept_queue_at_least_seconds_total{fill="1"}[${range}])`,
      'tcp_listener_info',
      `increase(node_netstat_TcpExt_ListenOverflows[${range}])`,
      `max_over_time(rate(node_netstat_Tcp_PassiveOpens[${WINDOW}])[${range}:30s])`,
      `count_over_time(tcp_listener_accept_queue_limit[${range}:${STEP_SECONDS}s]) * ${STEP_SECONDS}`,
    ].map((query) => prometheus.now(query)),
  )
  const of = (values: Value[] | undefined, like: Value, same: readonly string[]): Value | undefined =>
    values?.find(({ labels }) => same.every((label) => labels[label] === like.labels[label]))
  const listener = ['instance', 'netns', 'address', 'port', 'shard'] as const
  const namespace = ['instance', 'netns'] as const
  return (limits ?? []).map((limit): ListenerHistory => {
    const { netns = '', address = '', port = '', shard = '' } = limit.labels
    const found = (values: Value[] | undefined): number => of(values, limit, listener)?.value ?? 0
    // A quotient of nothing by nothing is NaN, and says nothing.
    const own = (values: Value[] | undefined): number => (Number.isFinite(found(values)) ? found(values) : 0)
    return {
      netns,
      address,
      port,
      shard,
      limit: limit.value,
      peak: of(peaks, limit, listener)?.value,
      process: of(info, limit, listener)?.labels.process,
      // increase() extrapolates to the ends of its range: a count need not be whole.
      drops: Math.round(own(drops)),
      worstDrops: Math.round(own(worst)),
      fullSeconds: own(full),
      overflows: of(overflows, limit, namespace)?.value,
      peakRate: of(rates, limit, namespace)?.value,
      seenSeconds: of(seen, limit, listener)?.value,
    }
  })
}
