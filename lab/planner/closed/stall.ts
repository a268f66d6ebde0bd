/**
 * A loop that stands still: what comes meanwhile has to fit, and N + 1 fit. Nothing but counting, so it is exact as far as
 * the queue was empty before and drains faster than it fills afterwards.
 */
import { type CountDistribution, meanExcess, quantile } from './count-distribution.ts'

/** The smallest backlog at which nothing is dropped, with this probability. */
export const smallestBacklog = (arrivals: CountDistribution, probability: number): number =>
  Math.max(0, quantile(arrivals, probability) - 1)

/** The smallest backlog at which at most this share of those who come during the stall is dropped, on average. */
export function smallestBacklogForShare(arrivals: CountDistribution, share: number, mean: number): number {
  let low = 0
  let high = Math.max(1, arrivals.from + arrivals.probabilities.length)
  while (low < high) {
    const middle = (low + high) >> 1
    if (meanExcess(arrivals, middle + 1) <= share * mean) high = middle
    else low = middle + 1
  }
  return low
}

/** What one stall costs with a given backlog. */
export interface StallCost {
  /** Connections that lose a SYN, on average. */
  refused: number
  /** SYNs dropped: who was refused tries again after 1, 2, 3 s, and meets the same full queue if the stall lasts. */
  drops: number
  /** How many are still waiting after their first, second, … retry. */
  stillRefused: number[]
}

/** `arrivalsIn(ms)` is how many come to the queue in so much time; `retriesAtMs` when a dropped SYN is sent again. */
export function stallCost(
  arrivalsIn: (ms: number) => CountDistribution,
  stallMs: number,
  backlog: number,
  retriesAtMs: readonly number[],
): StallCost {
  // Whoever was refused before (stall − r) has sent again, and been refused again, r later.
  const refusedBy = (ms: number): number => (ms <= 0 ? 0 : meanExcess(arrivalsIn(ms), backlog + 1))
  const refused = refusedBy(stallMs)
  const stillRefused = retriesAtMs.map((atMs) => refusedBy(stallMs - atMs)).filter((count) => count > 0)
  return { refused, drops: stillRefused.reduce((sum, count) => sum + count, refused), stillRefused }
}
