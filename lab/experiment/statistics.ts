import { quantile } from '#common/quantile.ts'
import type { Distribution } from '#experiments/vocabulary/readings.ts'

/** A distribution of these values; all but its counts are NaN if there are none. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort()
  const count = sorted.length
  const mean = count === 0 ? Number.NaN : sorted.reduce((sum, value) => sum + value, 0) / count
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count
  const number = ({ above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY }): number =>
    sorted.reduce((found, value) => (value > above && value < below ? found + 1 : found), 0)
  return {
    count,
    mean,
    stdev: Math.sqrt(variance),
    min: sorted[0] ?? Number.NaN,
    max: sorted[count - 1] ?? Number.NaN,
    quantile: (q) => quantile(sorted, q),
    number,
    share: (bounds) => number(bounds) / count,
  }
}
