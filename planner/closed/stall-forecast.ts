/** A loop that stands still: what counting says of a situation, and why. */

import { plural } from '#common/quantities.ts'
import type { Estimate, Outcome } from '../outcome.ts'
import { type Situation, socketsOf } from '../situation.ts'
import type { Reasoned } from './reasoned.ts'
import { stallCosts } from './stall-costs.ts'
import { neededForNone, neededForShare } from './stall-needed.ts'
import { costsInWords, noneInWords, shareInWords } from './stall-words.ts'

/** The smallest backlog that reaches the target. */
export function neededForStall(situation: Situation): Reasoned<Estimate> {
  if (situation.target.delayedShare > 0) {
    const needed = neededForShare(situation)
    return { result: needed.result, why: shareInWords(situation, needed) }
  }
  const needed = neededForNone(situation)
  return { result: needed.result, why: noneInWords(situation, needed) }
}

/** What happens with this backlog. */
export function stallOutcome(situation: Situation, backlog: number): Reasoned<Outcome> {
  const costs = stallCosts(situation, backlog)
  const queue = `${plural(socketsOf(situation).sockets, 'socket')} of ${plural(situation.backends, 'backend')}`
  return {
    result: {
      method: 'closed form',
      basis: `arrivals during the stall against N + 1, ${queue}`,
      estimates: costs.estimates,
    },
    why: costsInWords(situation, backlog, costs),
  }
}
