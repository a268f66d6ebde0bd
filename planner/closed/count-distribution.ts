/** Distributions of a number of arrivals. */
import { reaches } from '#common/quantile.ts'
import { logGamma } from './special-functions.ts'

/** Probabilities beyond so many standard deviations are left out: together below 1e-15. */
const REACH = 9

/** The probabilities of `from`, `from + 1`, …; what is left out on either side is negligible. */
export interface CountDistribution {
  from: number
  probabilities: Float64Array
}

/** Independent arrivals with this mean. */
export const poisson = (mean: number): CountDistribution =>
  mean === 0
    ? always(0)
    : windowed(mean, Math.sqrt(mean), Number.POSITIVE_INFINITY, (k) => k * Math.log(mean) - mean - logGamma(k + 1))

/** How many of `count` fall to a member that gets each with probability `share`. */
export function binomial(count: number, share: number): CountDistribution {
  if (share >= 1) return always(count)
  if (count === 0 || share <= 0) return always(0)
  const mean = count * share
  return windowed(
    mean,
    Math.sqrt(mean * (1 - share)),
    count,
    (k) =>
      logGamma(count + 1) -
      logGamma(k + 1) -
      logGamma(count - k + 1) +
      k * Math.log(share) +
      (count - k) * Math.log1p(-share),
  )
}

/** No chance at all. */
export const always = (count: number): CountDistribution => ({ from: count, probabilities: Float64Array.of(1) })

function windowed(mean: number, deviation: number, most: number, logProbability: (k: number) => number) {
  const from = Math.max(0, Math.floor(mean - REACH * deviation - 20))
  const to = Math.min(most, Math.ceil(mean + REACH * deviation + 40))
  const probabilities = Float64Array.from({ length: to - from + 1 }, (_, i) => Math.exp(logProbability(from + i)))
  return { from, probabilities }
}

/** The largest of `members` independent ones. Counts that share a total are less spread, so this is on the safe side. */
export function largestOf(members: number, { from, probabilities }: CountDistribution): CountDistribution {
  let cumulative = 0
  let before = 0
  const largest = probabilities.map((probability) => {
    cumulative = Math.min(1, cumulative + probability)
    const now = cumulative ** members
    const own = now - before
    before = now
    return own
  })
  return { from, probabilities: largest }
}

/** The sum of two that know nothing of each other. */
export function sumOf(one: CountDistribution, other: CountDistribution): CountDistribution {
  const probabilities = new Float64Array(one.probabilities.length + other.probabilities.length - 1)
  for (const [j, share] of other.probabilities.entries())
    for (let i = 0; i < one.probabilities.length; i++) probabilities[i + j]! += one.probabilities[i]! * share
  return { from: one.from + other.from, probabilities }
}

/** The smallest count that is not exceeded with at least this probability. */
export function quantile({ from, probabilities }: CountDistribution, probability: number): number {
  let cumulative = 0
  for (const [i, own] of probabilities.entries()) {
    cumulative += own
    if (reaches(cumulative, probability)) return from + i
  }
  return from + probabilities.length - 1
}

/** How many there are on average beyond `count`: E[max(0, X − count)]. */
export function meanExcess({ from, probabilities }: CountDistribution, count: number): number {
  return probabilities.reduce((sum, own, i) => sum + own * Math.max(0, from + i - count), 0)
}

export const meanOf = (distribution: CountDistribution): number => meanExcess(distribution, 0)

/** The probability of more than `count`. */
export const tail = ({ from, probabilities }: CountDistribution, count: number): number =>
  probabilities.reduce((sum, own, i) => (from + i > count ? sum + own : sum), 0)
