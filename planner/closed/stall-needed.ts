/** The smallest backlog for a loop that stands still, in numbers. */
import type { Estimate } from '../outcome.ts'
import { type Situation, socketsOf } from '../situation.ts'
import { underWay } from './clients.ts'
import { always, type CountDistribution, largestOf, meanOf, sumOf } from './count-distribution.ts'
import { isQueue, neededForLoad, queueAt, steadyWaiting } from './load-forecast.ts'
import type { Reasoned } from './reasoned.ts'
import { smallestBacklog, smallestFor } from './stall.ts'
import { arrivalsDuring, comingAt, oneBehind, stallsCounted, waitingBefore } from './stall-meets.ts'
import { refusing } from './stall-refuses.ts'

/** What a stall meets, and the backlog that it takes. */
interface Needed {
  result: Estimate
  /** How many come to a socket meanwhile, and wait in it already, on average. */
  coming: number
  waiting: number
}

/** For a target of a share that may lose a SYN or a final ACK. */
export interface NeededForShare extends Needed {
  /** How many are left over at that backlog on average, of how many. */
  refused: number
  of: number
}

/** For a target of none. */
export interface NeededForNone extends Needed {
  /** What each single stall must hold with, so that all of them do. */
  probability: number
  /** What the stall alone takes. */
  byStall: number
  /** How many come behind the last of them within a round trip, on average. */
  behind: number
  /** What the load between stalls takes, where that is more. */
  byLoad: Reasoned<Estimate> | undefined
}

/** The one that is looked at of the sockets that stand still. */
const ofOne = (situation: Situation): Situation => ({ ...situation, stall: { ...situation.stall!, whom: 'one' } })

const around = (situation: Situation, backlog: number): Estimate => {
  const slack = 1 + steadyWaiting(situation)
  return { value: backlog, low: Math.max(0, backlog - slack), high: backlog + slack }
}

/** Between stalls that repeat the load by itself may fill a queue; undefined where it does not. */
function loadBetween(situation: Situation): Situation | undefined {
  const queue = { ...situation, stall: undefined }
  return situation.stall?.everyMs !== undefined && isQueue(queue) ? queue : undefined
}

export function neededForShare(situation: Situation): NeededForShare {
  const come = arrivalsDuring(ofOne(situation), situation.stall!.ms)
  const before = waitingBefore(situation)
  const of = comingAt(situation, meanOf(come))
  const refuses = refusing(situation)
  const refused = (backlog: number): number => {
    const { syns, finalAcks } = refuses(situation.stall!.ms, backlog, underWay(situation))
    return syns + finalAcks
  }
  const queue = loadBetween(situation)
  const share = (backlog: number): number =>
    refused(backlog) / of + (queue === undefined ? 0 : queueAt(queue, backlog).blocking)
  const most = come.from + come.probabilities.length + before.probabilities.length
  const backlog = smallestFor(most, (limit) => share(limit) <= situation.target.delayedShare)
  return {
    result: around(situation, backlog),
    coming: meanOf(come),
    waiting: meanOf(before),
    refused: refused(backlog),
    of,
  }
}

export function neededForNone(situation: Situation): NeededForNone {
  const { target, stall } = situation
  const come = arrivalsDuring(ofOne(situation), stall!.ms)
  const before = waitingBefore(situation)
  const behind = oneBehind(situation)
  const probability = target.sureness ** (1 / stallsCounted(situation))
  const byStall = smallestBacklog(peakOf(situation, come, before, behind), probability)
  const queue = loadBetween(situation)
  const load = queue === undefined ? undefined : neededForLoad(queue)
  const byLoad = load === undefined || load.result.value <= byStall ? undefined : load
  const estimate = around(situation, byStall)
  return {
    result:
      byLoad === undefined
        ? estimate
        : {
            value: byLoad.result.value,
            low: Math.max(byLoad.result.low, estimate.low),
            high: Math.max(byLoad.result.high, estimate.high),
          },
    coming: meanOf(come),
    waiting: meanOf(before),
    probability,
    byStall,
    behind: meanOf(behind),
    byLoad,
  }
}

/** How many are together in the fullest of the stalled sockets. */
function peakOf(
  situation: Situation,
  come: CountDistribution,
  before: CountDistribution,
  behind: CountDistribution,
): CountDistribution {
  const { arrivals, stall } = situation
  const { sockets } = socketsOf(situation)
  const peak = sumOf(sumOf(sumOf(come, before), arrivals.shape === 'poisson' ? before : always(0)), behind)
  return stall!.whom === 'all' && sockets > 1 ? largestOf(sockets, peak) : peak
}
