/** Percentiles on the axis of HDR histograms, where each further nine takes the same width. */

import { quantile } from '#common/quantile.ts'

/** The marks that the axis may have. */
const marks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999] as const

/** The position of a share on the axis: 0 for none, 1 for 90 %, 2 for 99 %, 3 for 99.9 %. */
export const place = (share: number): number => -Math.log10(1 - share)

export interface PercentileAxis {
  /** Marks from left to right. */
  marks: number[]
  /** The share at the right end. */
  end: number
  /** Above this share there is only the slowest connection: a percentile there is the same as the maximum. */
  told: number
}

/** The axis that `count` values support: up to the mark after the last meaningful percentile, at most 99.99. */
export function percentileAxis(count: number): PercentileAxis {
  const told = count > 0 ? 1 - 1 / count : 0
  const end = marks.find((mark) => mark >= 0.9 && mark >= told) ?? 0.9999
  const last = Math.min(end, 0.9999)
  return { marks: marks.filter((mark) => mark <= last), end: last, told: Math.min(told, last) }
}

/** How many values it takes until a percentile differs from their maximum. */
export const valuesToTell = (share: number): number => Math.round(1 / (1 - share))

/** The quantile of a share; NaN if there are too few values to distinguish it from the maximum. `sorted` is ascending. */
export function percentile(sorted: readonly number[], share: number): number {
  const count = sorted.length
  // 1 - 0.9999 is not quite 0.0001.
  if (count === 0 || count * (1 - share) < 1 - 1e-9) return Number.NaN
  return quantile(sorted, share)
}

/** The values between the shares `from` and `to` do not exceed `v`. */
export interface Step {
  from: number
  to: number
  v: number
}

/** The distribution as steps; equal values are one step. */
export function steps(sorted: readonly number[]): Step[] {
  const found: Step[] = []
  for (const [at, v] of sorted.entries()) {
    const last = found.at(-1)
    const to = (at + 1) / sorted.length
    if (last !== undefined && last.v === v) last.to = to
    else found.push({ from: at / sorted.length, to, v })
  }
  return found
}

/**
 * The same for a distribution of which only some percentiles are known: between two of them no value exceeds the higher one.
 * The steps end with the last known percentile.
 */
export function stepsOfPercentiles(shares: readonly number[], values: readonly (number | null)[]): Step[] {
  const found: Step[] = []
  for (const [at, v] of values.entries()) {
    if (v === null || !Number.isFinite(v)) break
    const [from, to] = [shares[at - 1] ?? 0, shares[at]!]
    const last = found.at(-1)
    if (last !== undefined && last.v === v) last.to = to
    else if (to > from) found.push({ from, to, v })
  }
  return found
}
