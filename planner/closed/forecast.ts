/** The closed forms for a situation: which of them applies, what it gives, and the formula with the numbers in it. */
import type { Estimate, Outcome } from '../outcome.ts'
import type { Situation } from '../situation.ts'
import { isQueue, neededForLoad, queueOutcome } from './load-forecast.ts'
import type { Reasoned } from './reasoned.ts'
import { neededForStall, stallOutcome } from './stall-forecast.ts'
import { stallCounts } from './stall-meets.ts'

/** The smallest backlog that reaches the target; undefined where no closed form applies. */
export function neededBacklog(situation: Situation): Reasoned<Estimate> | undefined {
  if (stallCounts(situation)) return neededForStall(situation)
  return isQueue(situation) ? neededForLoad(situation) : undefined
}

/** What happens with this backlog; undefined where no closed form applies. */
export function closedForm(situation: Situation, backlog: number): Reasoned<Outcome> | undefined {
  if (stallCounts(situation)) return stallOutcome(situation, backlog)
  return isQueue(situation) ? queueOutcome(situation, backlog) : undefined
}
