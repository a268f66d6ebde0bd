/** Finds the smallest backlog by playing. */
import type { Estimate } from './outcome.ts'
import { BUDGET, meanOf, quantileOf, runsFor, runsOf, sharesOf } from './replicate.ts'
import type { Situation } from './situation.ts'

export interface Found {
  estimate: Estimate
  runs: number
  /** True if the runs are too few to show so rare a thing, and the value lies beyond what any of them needed. */
  extrapolated: boolean
}

/** For a first look, or where many settings are gone through: a part of the connections that an answer is worth. */
const GLANCE = { budget: BUDGET / 16, fewest: 1 }
/** For each backlog that is tried for a share: some ten are. */
const TRY = BUDGET / 2

/** How exactly a backlog is found, as a part of itself: chance moves it by more. */
const FINE = 128

/** With room without end a run tells how much it needed. */
const needs = (situation: Situation, runs: number): number[] =>
  runsOf(situation, Number.POSITIVE_INFINITY, { runs, retriesMatter: false }).map((run) => run.backlogNeeded)

const sharesAt = (situation: Situation, backlog: number, runs: number): number[] =>
  sharesOf(runsOf(situation, backlog, { runs, retriesMatter: false }), (run) => run.refusedShare)

/** Whether a backlog reaches the target, at a glance: much cheaper than to look for the smallest one. */
export function reachesTarget(situation: Situation, backlog: number): boolean {
  const { delayedShare, sureness } = situation.target
  const runs = runsFor(situation, false, GLANCE)
  return delayedShare === 0
    ? quantileOf(needs(situation, runs), sureness).value <= backlog
    : meanOf(sharesAt(situation, backlog, runs)).value <= delayedShare
}

/** The smallest backlog that reaches the target, about: for a table. */
export function roughBacklog(situation: Situation): number {
  const { delayedShare, sureness } = situation.target
  const runs = runsFor(situation, false, GLANCE)
  const needed = needs(situation, runs)
  if (delayedShare === 0) return quantileOf(needed, sureness).value
  const most = Math.max(...needed)
  return smallestFrom(most, most >> 1, (backlog) => meanOf(sharesAt(situation, backlog, runs)).value <= delayedShare)
}

/** The smallest backlog that reaches the target, and between which numbers it may lie. */
export function smallestBacklogByPlay(situation: Situation, guess?: number): Found {
  const { delayedShare, sureness } = situation.target
  if (delayedShare === 0) {
    const runs = runsFor(situation, false)
    const needed = needs(situation, runs)
    const estimate = quantileOf(needed, sureness)
    const extrapolated = runs * (1 - sureness) < 1
    return {
      estimate: extrapolated ? { ...estimate, value: beyondSeen(needed, sureness) } : estimate,
      runs,
      extrapolated,
    }
  }
  const runs = runsFor(situation, false, { budget: TRY })
  const glances = Math.min(runs, runsFor(situation, false, GLANCE))
  return { estimate: smallestForShare(situation, runs, glances, guess), runs, extrapolated: false }
}

/** The quantile of a longest queue, from a few: longest of many, they are spread as Gumbel has it. Never below what was seen. */
function beyondSeen(needed: readonly number[], probability: number): number {
  const mean = needed.reduce((sum, one) => sum + one, 0) / needed.length
  const variance = needed.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, needed.length - 1)
  const deviations = ((-Math.log(-Math.log(probability)) - EULER) * Math.sqrt(6)) / Math.PI
  return Math.max(...needed, Math.ceil(mean + deviations * Math.sqrt(variance)))
}

const EULER = 0.5772156649

function smallestForShare(situation: Situation, runs: number, glances: number, guess?: number): Estimate {
  const { delayedShare } = situation.target
  // What a run loses that loses anything: where none of a few does, so much may still be usual.
  let event = 0
  const shareAt = (backlog: number, count: number): Estimate => {
    const shares = sharesAt(situation, backlog, count)
    const some = shares.filter((share) => share > 0)
    if (some.length > 0) event = some.reduce((sum, share) => sum + share, 0) / some.length
    return meanOf(shares, event)
  }
  const most = Math.max(...needs(situation, glances)) + 1
  const near = guess ?? smallestFrom(most, most >> 1, (backlog) => shareAt(backlog, glances).value <= delayedShare)
  const known = new Map<number, Estimate>()
  const exactly = (backlog: number): Estimate => {
    const share = known.get(backlog) ?? shareAt(backlog, runs)
    known.set(backlog, share)
    return share
  }
  // All runs may need more than the few did.
  const beyond = 2 * Math.max(most, near)
  const value = smallestFrom(beyond, near, (backlog) => exactly(backlog).value <= delayedShare, Math.floor(near / FINE))
  // The ends are looked for in steps that double, and so lie rather too far out.
  let [low, high] = [value, value]
  for (let step = firstStep(value); low > 0 && exactly(low).low <= delayedShare; step *= 2)
    low = Math.max(0, low - step)
  for (let step = firstStep(value); high < beyond && exactly(high).high > delayedShare; step *= 2) high += step
  return { value, low, high: high >= beyond ? Number.POSITIVE_INFINITY : high }
}

const firstStep = (guess: number): number => Math.max(1, guess >> 5)

/**
 * The smallest number up to `most` for which something holds that holds for all above it; looks around a guess first. It may
 * be too large by the slack that is given.
 */
export function smallestFrom(most: number, guess: number, holds: (value: number) => boolean, slack = 0): number {
  let low = 0
  let high = Math.min(most, guess)
  for (let step = firstStep(guess); high < most && !holds(high); step *= 2) {
    low = high + 1
    high = Math.min(most, high + step)
  }
  for (let step = firstStep(guess); low === 0 && high > 0; step *= 2) {
    const below = Math.max(0, high - step)
    if (holds(below)) high = below
    else low = below + 1
  }
  while (high - low > slack) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return high
}
