import { metricsText } from '#common/metrics-text.ts'
import { type Held, metrics } from './catalogue.ts'

export { metricsContentType } from '#common/metrics-text.ts'

/** What /metrics serves: every metric of the catalogue with what `held` gives. */
export const textOf = (held: Held): Promise<string> =>
  metricsText(metrics.map(({ name, help, type, read }) => ({ name, help, type, values: read(held) })))
