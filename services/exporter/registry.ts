import { Gauge, Registry } from 'prom-client'
import { type Held, type Metric, metrics } from './catalogue.ts'

/**
 * A metric whose values are held elsewhere. prom-client's own counters can only be counted up here, while these come
 * from the kernel; its registry asks nothing of a metric but `get()`, and prints the type that it is given. So the class
 * that this extends decides nothing but the checks of names and labels.
 */
class HeldMetric extends Gauge {
  readonly #metric: Metric
  readonly #held: () => Held

  constructor(metric: Metric, held: () => Held) {
    super({ name: metric.name, help: metric.help, labelNames: [...metric.labels], registers: [] })
    this.#metric = metric
    this.#held = held
  }

  override async get() {
    const { name, type, read } = this.#metric
    const values = Array.from(read(this.#held()), ({ labels, value, suffix = '' }) => ({
      labels,
      value,
      metricName: `${name}${suffix}`,
    }))
    return Object.assign(await super.get(), { type, values })
  }
}

/** A registry that serves what `held` gives at the moment of the scrape. */
export function registryOf(held: () => Held): Registry {
  const registry = new Registry()
  for (const metric of metrics) registry.registerMetric(new HeldMetric(metric, held))
  return registry
}
