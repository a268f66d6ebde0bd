/** A loop that stands still: what counting says of a situation, and the formula with the numbers in it. */

import { duration, number, percent, plural, rate } from '#common/quantities.ts'
import { busiest, countWithin } from '../busiest.ts'
import type { Estimate, Outcome } from '../outcome.ts'
import { ratePerSecond, relaxationMs, type Situation, serviceMs, socketsOf, utilisation } from '../situation.ts'
import { spanMs } from '../system-of.ts'
import { bunch, retriesAtMs, underWay } from './clients.ts'
import {
  always,
  binomial,
  type CountDistribution,
  largestOf,
  meanOf,
  poisson,
  sumOf,
  tail,
} from './count-distribution.ts'
import { isQueue, neededForLoad, queueAt, steadyWaiting } from './load-forecast.ts'
import type { Reasoned } from './reasoned.ts'
import { type Meeting, refusedIn, smallestBacklog, smallestFor, stallCost } from './stall.ts'

/** Below this load a queue is nearly always empty when a stall begins, and gone soon after it. */
const LIGHT = 0.9

/** The most that a queue is taken to hold when a stall begins: at a light load far more than it ever does. */
const ENDLESS = 500

/** True if a stall can be counted out: one socket a loop, or all loops still at once, and enough capacity to drain. */
export const stallCounts = (situation: Situation): boolean =>
  situation.stall !== undefined &&
  situation.restart === undefined &&
  situation.slow === undefined &&
  (situation.mode === 'sharded' || situation.backends === 1 || situation.stall.whom === 'all') &&
  // Stalls that repeat meet a recording's quiet times as well as its busiest.
  (situation.arrivals.shape !== 'recorded' || situation.stall.everyMs === undefined) &&
  busiestLoad(situation) < LIGHT &&
  forgottenBetween(situation)

/** So many times its memory after a queue has drained it has forgotten that there was a stall. */
const FORGOTTEN = 3

/** True if a queue has drained, and forgotten it, when the next stall comes. */
function forgottenBetween(situation: Situation): boolean {
  const { ms, everyMs } = situation.stall ?? { ms: 0, everyMs: undefined }
  if (everyMs === undefined || serviceMs(situation) === 0) return true
  const load = utilisation({ ...situation, stall: undefined })
  const drainMs = (ms * load) / (1 - load)
  return everyMs - ms >= drainMs + FORGOTTEN * relaxationMs({ ...situation, stall: undefined })
}

/** Load over capacity; of a recording, while it is busiest. */
function busiestLoad(situation: Situation): number {
  const { arrivals, stall, backends } = situation
  const service = serviceMs(situation)
  if (arrivals.shape !== 'recorded' || service === 0) return utilisation(situation)
  const windowMs = Math.max(stall?.ms ?? 0, 20 * service)
  return (busiest(arrivals.atMs, windowMs).count * service) / windowMs / backends
}

/**
 * One more where a SYN comes within the round trip after the last final ACK: it finds all of them there, though its own
 * final ACK comes when the loop goes on.
 */
function oneBehind(situation: Situation): CountDistribution {
  const { arrivals, client, stall } = situation
  const coming = underWay(situation)
  if (coming === 0) return always(0)
  const share = {
    constant: () => Math.min(1, coming),
    poisson: () => 1 - Math.exp(-coming),
    recorded: () => (oneMoreIn(stall?.ms ?? 0, client.rttMs) ? 1 / socketsOf(situation).sockets : 0),
  }[arrivals.shape]()
  return { from: 0, probabilities: Float64Array.of(1 - share, share) }

  function oneMoreIn(ms: number, moreMs: number): boolean {
    if (arrivals.shape !== 'recorded') return false
    return busiest(arrivals.atMs, ms + moreMs).count > busiest(arrivals.atMs, ms).count
  }
}

/** How many come to the fullest of the stalled sockets in so much time. */
function arrivalsDuring(situation: Situation, ms: number, sockets = socketsOf(situation).sockets): CountDistribution {
  const { arrivals, stall } = situation
  const counts = () => {
    if (arrivals.shape === 'recorded') return binomial(busiest(arrivals.atMs, ms).count, 1 / sockets)
    const mean = (arrivals.ratePerSecond * ms) / 1000
    if (arrivals.shape === 'poisson') return poisson(mean / sockets)
    // A window of that length holds one more or one fewer, by where it begins.
    return sockets === 1 ? always(Math.ceil(mean - 1e-9)) : binomial(Math.ceil(mean - 1e-9), 1 / sockets)
  }
  return stall?.whom === 'all' && sockets > 1 ? largestOf(sockets, counts()) : counts()
}

/** How many stalls the time that is looked at holds. */
function stallsCounted(situation: Situation): number {
  const { stall, backends } = situation
  if (stall?.everyMs === undefined) return 1
  return Math.max(1, (spanMs(situation) / stall.everyMs) * (stall.whom === 'all' ? 1 : backends))
}

/** How many wait at a loop when it comes to a stand; after it the queue climbs once more by as much, before it drains. */
function waitingBefore(situation: Situation): CountDistribution {
  const even = situation.arrivals.shape === 'constant' && socketsOf(situation).sockets === 1
  if (serviceMs(situation) === 0 || even || situation.arrivals.shape === 'recorded') return always(0)
  return queueAt(situation, ENDLESS).waiting
}

/**
 * How many of all who come each one that comes to a stalled socket stands for. A stall is looked at alone, with those whose
 * handshake it meets; stalls that repeat are looked at with all that comes in between.
 */
function comingAt(situation: Situation, mean: number): number {
  const { stall, arrivals, client } = situation
  const { ms, everyMs, whom } = stall!
  const { sockets } = socketsOf(situation)
  if (everyMs !== undefined) return (mean * everyMs) / ms
  const others = whom === 'one' ? sockets : 1
  if (arrivals.shape !== 'recorded') return (mean * others * (ms + client.rttMs)) / ms
  const { fromMs } = busiest(arrivals.atMs, ms)
  const count = countWithin(arrivals.atMs, { fromMs, toMs: fromMs + ms + client.rttMs })
  return (count * others) / sockets
}

export function neededForStall(situation: Situation): Reasoned<Estimate> {
  const { target, stall, arrivals } = situation
  const { ms, everyMs } = stall!
  const { sockets } = socketsOf(situation)
  const one: Situation = { ...situation, stall: { ...stall!, whom: 'one' } }
  const come = arrivalsDuring(one, ms)
  const mean = meanOf(come)
  const before = waitingBefore(situation)
  const slack = 1 + steadyWaiting(situation)
  const around = (backlog: number): Estimate => ({
    value: backlog,
    low: Math.max(0, backlog - slack),
    high: backlog + slack,
  })
  const comeInWords =
    arrivals.shape === 'recorded'
      ? `the busiest ${duration(ms)} of the recording bring ${number(busiest(arrivals.atMs, ms).count)}`
      : `${rate(arrivals.ratePerSecond)} × ${duration(ms)} = ${number((arrivals.ratePerSecond * ms) / 1000)}`
  const split = sockets === 1 ? '' : `, ÷ ${sockets} sockets = ${number(mean)} on average`
  const waiting = meanOf(before)
  const waitingInWords =
    waiting < 0.05
      ? []
      : [`Some ${number(waiting)} wait already when it begins: the load is ${percent(utilisation(situation))}.`]
  // Between stalls that repeat the load by itself may fill a queue.
  const queue = { ...situation, stall: undefined }
  const loaded = isQueue(queue)
  if (target.delayedShare > 0) {
    const of = comingAt(situation, mean)
    const refused = (backlog: number): number => {
      const { syns, finalAcks } = refusedIn({ come, before }, backlog, underWay(situation))
      return syns + finalAcks
    }
    const share = (backlog: number): number =>
      refused(backlog) / of + (loaded && everyMs !== undefined ? queueAt(queue, backlog).blocking : 0)
    const most = come.from + come.probabilities.length + before.probabilities.length
    const backlog = smallestFor(most, (limit) => share(limit) <= target.delayedShare)
    return {
      result: around(backlog),
      why: [
        `While a loop stands still ${comeInWords}${split}; N + 1 = ${number(backlog + 1)} of them fit.`,
        ...waitingInWords,
        `Beyond that ${number(refused(backlog))} are left over on average, of ${number(of)} that ${everyMs === undefined ? 'come during it' : `come to a socket in ${duration(everyMs)}`}: ${percent(refused(backlog) / of)}.`,
      ],
    }
  }
  const probability = target.sureness ** (1 / stallsCounted(situation))
  const behind = oneBehind(situation)
  const peak = sumOf(sumOf(sumOf(come, before), arrivals.shape === 'poisson' ? before : always(0)), behind)
  const counts = stall!.whom === 'all' && sockets > 1 ? largestOf(sockets, peak) : peak
  const byStall = smallestBacklog(counts, probability)
  const behindInWords =
    meanOf(behind) < 1 - probability
      ? []
      : [
          `One place of it is for a SYN that comes within a round trip (${duration(situation.client.rttMs)}) of the last of them, and finds them there.`,
        ]
  const byLoad = loaded && everyMs !== undefined ? neededForLoad(queue) : undefined
  const estimate = around(byStall)
  const spread =
    arrivals.shape === 'poisson' ? 'Poisson' : sockets > 1 ? 'binomial: the hash spreads them at random' : ''
  const why = [
    `While a loop stands still ${comeInWords}${split}.`,
    ...waitingInWords,
    spread === ''
      ? `${number(byStall + 1)} at most ${waiting < 0.05 ? 'come' : 'are'} together; N + 1 fit, so N = ${number(byStall)}.`
      : `In ${percent(probability)} of all stalls at most ${number(byStall + 1)} ${waiting < 0.05 ? 'come' : 'are there'} (${spread}); N + 1 fit, so N = ${number(byStall)}.`,
    ...behindInWords,
  ]
  if (byLoad === undefined || byLoad.result.value <= byStall) return { result: estimate, why }
  const { value, low, high } = byLoad.result
  return {
    result: { value, low: Math.max(low, estimate.low), high: Math.max(high, estimate.high) },
    why: [...why, `Between the stalls the load alone needs more: ${byLoad.why.join(' ')}`],
  }
}

const exactly = (value: number): Estimate => ({ value, low: value, high: value })

/** How often a client whose final ACK was dropped (docs/kernel-facts.md#final-ack-overflow) sends its request in vain during a stall, at most. */
const triesDuring = (ms: number): number => 2 + 2 * Math.max(0, Math.ceil(Math.log2(ms / 200) + 1))

export function stallOutcome(situation: Situation, backlog: number): Reasoned<Outcome> {
  const { stall, client, backends } = situation
  const { ms, everyMs, whom } = stall!
  const one: Situation = { ...situation, stall: { ...stall!, whom: 'one' } }
  const { sockets } = socketsOf(situation)
  const before = waitingBefore(situation)
  const meets = (span: number): Meeting => ({ come: arrivalsDuring(one, span), before })
  const again = retriesAtMs(client)
  const cost = (limit: number, way: number) => stallCost(meets, ms, { backlog: limit, underWay: way }, again)
  const stalls = stallsCounted(situation) * (whom === 'all' ? sockets : 1)
  // A recording has its own number of them at that moment.
  const { arrivals } = situation
  const [leastUnderWay, mostUnderWay] =
    arrivals.shape === 'recorded'
      ? [0, client.rttMs === 0 ? 0 : busiest(arrivals.atMs, client.rttMs).count]
      : [underWay(situation), underWay(situation)]
  const slack = 1 + steadyWaiting(situation)
  const [likely, most, least] = [
    cost(backlog, underWay(situation)),
    cost(Math.max(0, backlog - slack), mostUnderWay),
    cost(backlog + slack, leastUnderWay),
  ]
  const mean = meanOf(arrivalsDuring(one, ms))
  const all = comingAt(situation, mean)
  const scaled = (pick: (from: typeof likely) => number, by: number): Estimate => ({
    value: pick(likely) * by,
    low: pick(least) * by,
    high: pick(most) * by,
  })
  // More than fit come back within one tick, or on top of a load that leaves no room for as much again: many are dropped
  // again, and where stalls repeat they are in the way of others.
  const ofRequests = underWay(situation) < 1 ? 0 : bunch(situation)
  const ofSyns = again.length === 0 ? 0 : bunch(situation)
  const largest = Math.max(ofRequests, ofSyns)
  const onTop = again.length > 0 && 2 * utilisation(situation) > LIGHT
  const together =
    (largest + 2 * Math.sqrt(largest) > backlog + 1 || onTop) && likely.refused.syns + likely.refused.finalAcks > 1
  const open = (estimate: Estimate): Estimate => (together ? { ...estimate, high: Number.POSITIVE_INFINITY } : estimate)
  const drops = scaled(({ drops, refused }) => drops + 2 * refused.finalAcks, stalls)
  const tries = (triesDuring(ms) - 2) * most.refused.finalAcks * stalls
  // A small queue drops now and then without a stall; the more, while those who were refused come again.
  const blocking = (factor: number): number =>
    serviceMs(situation) === 0 ? 0 : queueAt(situation, backlog, factor).blocking
  const besides = (blocking(1) * ratePerSecond(situation) * spanMs(situation)) / 1000
  const dropsAgain = Math.min(1, 2 * blocking(2)) * again.length * (most.refused.syns + most.refused.finalAcks) * stalls
  const recorded = arrivals.shape === 'recorded'
  const alsoBesides = ({ value, low, high }: Estimate): Estimate => ({
    value: arrivals.shape === 'poisson' ? value + besides : value,
    // Of those who came at once in a recording, some lose their final ACK in place of a SYN.
    low: recorded ? Math.max(0, low - mostUnderWay * stalls) : low,
    high: recorded && serviceMs(situation) > 0 ? Number.POSITIVE_INFINITY : high + 4 * besides + dropsAgain,
  })
  const refused = scaled(({ refused: { syns, finalAcks } }) => syns + finalAcks, 1 / all)
  const counts = sumOf(arrivalsDuring(one, ms), before)
  const risk = tail(counts, backlog + 1)
  const queue = `${plural(sockets, 'socket')} of ${plural(backends, 'backend')}`
  return {
    result: {
      method: 'closed form',
      basis: `arrivals during the stall against N + 1, ${queue}`,
      estimates: {
        delayedShare: everyMs === undefined ? refused : open(refused),
        drops: open(alsoBesides({ ...drops, high: drops.high + tries })),
        retries: open(again.length === 0 ? exactly(0) : alsoBesides(scaled(({ retries }) => retries, stalls))),
      },
    },
    why: [
      `A loop that stands still for ${duration(ms)} meets ${number(mean)} connections on average; N + 1 = ${number(backlog + 1)} fit.`,
      `The chance that more come in one stall is ${percent(risk)}; on average ${number(likely.refused.syns)} are left over, and are dropped ${number(likely.drops)} times before the loop goes on.`,
      ...(likely.refused.finalAcks < 0.05
        ? []
        : [
            `${number(likely.refused.finalAcks)} more had their SYN answered while there was room, and lose their final ACK a round trip of ${duration(client.rttMs)} later, and the request behind it.`,
          ]),
    ],
  }
}
