/** Finds the smallest backlog by playing. */
import type { Estimate } from './outcome.ts'
import { meanOf, quantileOf, runsFor, runsOf } from './replicate.ts'
import type { Situation } from './situation.ts'

export interface Found {
  estimate: Estimate
  runs: number
}

/** The smallest backlog that reaches the target, and between which numbers it may lie. */
export function smallestBacklogByPlay(situation: Situation): Found {
  const { target } = situation
  const runs = runsFor(situation, false)
  // With room without end, the longest queue tells how much room was needed: N + 1 fit.
  const peaks = runsOf(situation, Number.POSITIVE_INFINITY, { runs, retriesMatter: false }).map(({ queuePeak }) =>
    Math.max(0, queuePeak - 1),
  )
  if (target.delayedShare === 0) return { estimate: quantileOf(peaks, target.sureness), runs }
  const shares = new Map<number, Estimate>()
  const shareAt = (backlog: number): Estimate => {
    const known =
      shares.get(backlog) ??
      meanOf(runsOf(situation, backlog, { runs, retriesMatter: false }).map((run) => run.delayedShare))
    shares.set(backlog, known)
    return known
  }
  const most = Math.max(...peaks)
  const smallest = (pick: (share: Estimate) => number): number => {
    let low = 0
    let high = most
    while (low < high) {
      const middle = (low + high) >> 1
      if (pick(shareAt(middle)) <= target.delayedShare) high = middle
      else low = middle + 1
    }
    return low
  }
  const value = smallest((share) => share.value)
  const low = Math.min(
    value,
    smallest((share) => share.low),
  )
  return {
    estimate: {
      value,
      low,
      high: Math.max(
        value,
        smallest((share) => share.high),
      ),
    },
    runs,
  }
}
