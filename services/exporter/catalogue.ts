/** Every metric of the exporter, in the order in which /metrics and docs/metrics.md show them. */
import { counterMetrics } from './catalogue/counters.ts'
import { limitMetrics } from './catalogue/limits.ts'
import { listenerMetrics } from './catalogue/listeners.ts'
import type { Metric, MetricGroup } from './catalogue/metric.ts'
import { outgoingMetrics } from './catalogue/outgoing.ts'
import { ownMetrics } from './catalogue/own.ts'
import { ownerMetrics } from './catalogue/owners.ts'
import { portMetrics } from './catalogue/ports.ts'
import { udpMetrics } from './catalogue/udp.ts'
import { unixMetrics } from './catalogue/unix.ts'

export type { Held, Metric, MetricGroup } from './catalogue/metric.ts'

export const catalogue: readonly MetricGroup[] = [
  listenerMetrics,
  portMetrics,
  outgoingMetrics,
  unixMetrics,
  udpMetrics,
  counterMetrics,
  limitMetrics,
  ownerMetrics,
  ownMetrics,
]

export const metrics: readonly Metric[] = catalogue.flatMap((group) => group.metrics)
