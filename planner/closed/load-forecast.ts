/** Poisson arrivals at loops that take their time: what a loss queue says of a situation, and the formula with the numbers in it. */

import { duration, number, percent, rate } from '#common/quantities.ts'
import { type Estimate, type Outcome, within } from '../outcome.ts'
import { ratePerSecond, relaxationMs, type Situation, serviceMs, socketsOf, utilisation } from '../situation.ts'
import { loopOf, spanMs } from '../system-of.ts'
import { attemptsOf, bunch, underWay } from './clients.ts'
import { capacityOf, type LossQueue, mg1k, mmck, waitQuantile } from './loss-queue.ts'
import type { Reasoned } from './reasoned.ts'
import { withRetries } from './retrials.ts'
import { smallestFor } from './stall.ts'

/** Above this load a queue takes seconds to reach its balance, and longer than a retry to forget that it was full. */
const STEADY = 0.95

/** So many times its memory must a queue be looked at before it counts as in balance: it begins empty. */
const BALANCED = 20

/** In so much time retries have become as many as they are going to be. */
const RETRYING_MS = 60_000

/** Poisson arrivals at loops that take their time, and nothing else going on. */
export const isQueue = (situation: Situation): boolean =>
  utilisation(situation) < STEADY &&
  (situation.slow === undefined || (situation.steering === 'hash' && queueAt(situation, 0).utilisation < STEADY)) &&
  situation.arrivals.shape === 'poisson' &&
  situation.stall === undefined &&
  situation.restart === undefined &&
  serviceMs(situation) > 0 &&
  situation.accept.perTurn === 1 &&
  (situation.mode === 'sharded' ||
    situation.backends === 1 ||
    (situation.accept.cv === 1 && situation.accept.handleMs === 0 && situation.slow === undefined))

/** The queue of one socket when so many times the first SYNs are offered to it. */
export function queueAt(situation: Situation, backlog: number, factor = 1, socket = 0): LossQueue {
  const { sockets, loops } = socketsOf(situation)
  const loop = loopOf(situation, socket)
  const service = loop.acceptMs + loop.handleMs
  const offered = ((ratePerSecond(situation) * service) / 1000 / sockets) * factor
  if (loops > 1) return mmck(offered, loops, capacityOf(backlog, loops))
  return mg1k(offered, (loop.acceptMs * loop.acceptCv) / service, capacityOf(backlog, 1))
}

export function steadyWaiting(situation: Situation): number {
  if (serviceMs(situation) === 0) return 0
  return queueAt({ ...situation, mode: 'sharded' }, 500).meanWaiting
}

export function neededForLoad(situation: Situation): Reasoned<Estimate> | undefined {
  const { target, slow } = situation
  if (slow !== undefined || utilisation(situation) >= 1) return undefined
  const connections = (ratePerSecond(situation) * spanMs(situation)) / 1000
  // No drop at all with this probability: drops come in clusters, so taking them as independent is on the safe side.
  const share = target.delayedShare > 0 ? target.delayedShare : -Math.log(target.sureness) / connections
  const attempts = attemptsOf(situation)
  const blocking = (backlog: number): number =>
    withRetries((factor) => queueAt(situation, backlog, factor).blocking, attempts).blocking
  let most = 1
  while (blocking(most) > share) {
    most *= 2
    if (most > 8192) return undefined
  }
  const backlog = smallestFor(most, (limit) => blocking(limit) <= share)
  // Who was let in at the SYN may be turned away at the final ACK, which doubles what is refused at most.
  const twice = underWay(situation) < 0.5 ? backlog : smallestFor(2 * most, (limit) => blocking(limit) <= share / 2)
  const together = attempts > 1 && bunch(situation) * share > 0.2 * (backlog + 1)
  const { utilisation: load } = queueAt(situation, backlog)
  const spread = target.delayedShare > 0 ? { low: 0.9, high: 1.25, slots: 1 } : { low: 0.6, high: 1.05, slots: 2 }
  return {
    result: {
      value: backlog,
      low: inBalance(situation) ? Math.max(0, backlog * spread.low - spread.slots) : 0,
      high: together ? Number.POSITIVE_INFINITY : twice * spread.high + spread.slots,
    },
    why: [
      `${nameOfQueue(situation)} with utilisation ${number(load)}: ${formulaOf(situation, backlog)}`,
      `The smallest N whose blocking is at most ${percent(share)} is ${number(backlog)}.`,
    ],
  }
}

/** True if the time looked at is long enough for a queue to show its balance: it begins empty. */
const inBalance = (situation: Situation): boolean => spanMs(situation) >= BALANCED * relaxationMs(situation)

const nameOfQueue = ({ mode, backends, accept }: Situation): string =>
  mode === 'shared' && backends > 1
    ? `M/M/${backends}/K`
    : accept.cv === 0
      ? 'M/D/1/K'
      : accept.cv === 1 && accept.handleMs === 0
        ? 'M/M/1/K'
        : 'M/G/1/K'

const formulaOf = (situation: Situation, backlog: number): string => {
  const { sockets, loops } = socketsOf(situation)
  const { acceptMs, handleMs } = loopOf(situation, 0)
  return `${rate(ratePerSecond(situation) / sockets)} × ${duration(acceptMs + handleMs)}${loops > 1 ? ` ÷ ${loops}` : ''}, K = N + 1 waiting + ${loops} in hand = ${number(capacityOf(backlog, loops))}.`
}

export function queueOutcome(situation: Situation, backlog: number): Reasoned<Outcome> {
  const { sockets } = socketsOf(situation)
  const attempts = attemptsOf(situation)
  const perSocket = (ratePerSecond(situation) / sockets) * (spanMs(situation) / 1000)
  const members = Array.from({ length: sockets }, (_, socket) => {
    const settled = withRetries((factor) => queueAt(situation, backlog, factor, socket).blocking, attempts)
    const alone = queueAt(situation, backlog, 1, socket).blocking
    return { settled, alone, queue: queueAt(situation, backlog, settled.offered, socket) }
  })
  const mean = (pick: (member: (typeof members)[number]) => number): number =>
    members.reduce((sum, member) => sum + pick(member), 0) / sockets
  const delayed = mean(({ settled }) => settled.blocking)
  const drops = mean(({ settled }) => settled.blocking * settled.offered) * perSocket * sockets
  const { queue, settled } = members[0]!
  // Who is dropped together comes back together, on the kernel's grid of 32 ms, and meets each other again: the fixed
  // point, which spreads retries evenly, can only say how many there are at least.
  const alone = (attempts === 1 || delayed < 1e-4) && underWay(situation) < 0.5
  const noise = 3 / Math.sqrt(Math.max(1, drops))
  // Retries come a second later and more: in a short time few of them are there yet.
  const retrying = attempts > 1 && spanMs(situation) < RETRYING_MS
  const few = retrying ? mean(({ alone }) => alone) / Math.max(1e-300, delayed) : 1
  const balanced = (estimate: Estimate): Estimate => (inBalance(situation) ? estimate : { ...estimate, low: 0 })
  const estimate = (value: number): Estimate =>
    balanced(
      alone
        ? within(value, 0.03 + noise)
        : { value, low: few * value * Math.max(0, 1 - 0.05 - noise), high: Number.POSITIVE_INFINITY },
    )
  const service = serviceMs({ ...situation, accept: { ...situation.accept, ms: loopOf(situation, 0).acceptMs } })
  const p99 = waitQuantile(queue, 0.99) * service
  const sameEverywhere = situation.slow === undefined
  return {
    result: {
      method: 'closed form',
      basis: `${nameOfQueue(situation)}, K = ${capacityOf(backlog, socketsOf(situation).loops)}`,
      estimates: {
        // Of many under way some lose their final ACK in place of a SYN: how many, it does not tell.
        ...(underWay(situation) < 0.5 ? { delayedShare: estimate(delayed) } : {}),
        drops: estimate(drops),
        ...(sameEverywhere && alone ? { acceptWaitP99Ms: balanced(within(p99, 0.05, service)) } : {}),
      },
    },
    why: [
      `${nameOfQueue(situation)} with utilisation ${number(queueAt(situation, backlog).utilisation)}: ${formulaOf(situation, backlog)}`,
      `It finds its queue full, and drops, ${percent(queue.blocking)} of its SYNs${settled.offered > 1.001 ? ` (${number(settled.offered)} SYNs are offered for each first one, retries included)` : ''}.`,
    ],
  }
}
