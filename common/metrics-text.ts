import { AggregatorRegistry, prometheusContentType } from 'prom-client'

/** One value of a family. `suffix` is for the parts of a summary or a histogram: `_sum`, `_count`, `_bucket`. */
export interface MetricValue {
  labels: Record<string, string | number>
  value: number
  suffix?: string
}

/** A metric whose values are kept elsewhere, as prom-client's `getMetricsAsJSON()` gives those that it keeps itself. */
export interface MetricFamily {
  name: string
  help: string
  /** `untyped` where node_exporter says so. */
  type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  values: Iterable<MetricValue>
}

/** What goes into the header `content-type` with `metricsText`. */
export const metricsContentType = prometheusContentType

/**
 * The Prometheus text format of values that are counted elsewhere: by the kernel, or in shared memory. prom-client's own
 * counters and histograms can only count up here; its way in for plain data is the aggregation of several processes'
 * metrics, of which this is one. Of two values with equal labels the first is shown.
 */
export function metricsText(families: Iterable<MetricFamily>): Promise<string> {
  const plain = Array.from(families, ({ name, help, type, values }) => ({
    name,
    help,
    type,
    aggregator: 'first',
    values: Array.from(values, ({ labels, value, suffix = '' }) => ({ labels, value, metricName: `${name}${suffix}` })),
  }))
  return AggregatorRegistry.aggregate([plain]).metrics()
}
