/** What stalls cost with a given backlog, in numbers. */
import { busiest } from '../busiest.ts'
import type { Estimate, Outcome } from '../outcome.ts'
import { ratePerSecond, type Situation, serviceMs, socketsOf, utilisation } from '../situation.ts'
import { spanMs } from '../system-of.ts'
import { bunch, retriesAtMs, underWay } from './clients.ts'
import { meanOf, sumOf, tail } from './count-distribution.ts'
import { queueAt, steadyWaiting } from './load-forecast.ts'
import { type Refused, stallCost } from './stall.ts'
import { arrivalsDuring, comingAt, LIGHT, stallsCounted, waitingBefore } from './stall-meets.ts'
import { refusing } from './stall-refuses.ts'

export interface StallCosts {
  /** How many come to a stalled socket, on average. */
  coming: number
  /** Who is left over after one stall, and how often they are dropped before the loop goes on, on average. */
  refused: Refused
  dropsOfOne: number
  /** The chance that more come in one stall than fit. */
  risk: number
  estimates: Outcome['estimates']
}

const exactly = (value: number): Estimate => ({ value, low: value, high: value })

/** How often a client whose final ACK was dropped (docs/kernel-facts.md#final-ack-overflow) sends its request in vain during a stall, at most. */
const triesDuring = (ms: number): number => 2 + 2 * Math.max(0, Math.ceil(Math.log2(ms / 200) + 1))

/** With this backlog. */
export function stallCosts(situation: Situation, backlog: number): StallCosts {
  const { stall, client } = situation
  const { ms, everyMs, whom } = stall!
  const one: Situation = { ...situation, stall: { ...stall!, whom: 'one' } }
  const { sockets } = socketsOf(situation)
  const before = waitingBefore(situation)
  const again = retriesAtMs(client)
  const refuses = refusing(situation)
  const cost = (limit: number, way: number) => stallCost((span) => refuses(span, limit, way), ms, again)
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
  // More handshakes under way mean fewer lost SYNs and more lost final ACKs: neither way is the bound of every number.
  const scaled = (pick: (from: typeof likely) => number, by: number): Estimate => {
    const all = [likely, least, most].map((way) => pick(way) * by)
    return { value: all[0]!, low: Math.min(...all), high: Math.max(...all) }
  }
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
    // By chance more or fewer of those who came at once in a recording go to this socket.
    low: recorded && sockets > 1 ? Math.max(0, low - mostUnderWay * stalls) : low,
    high: recorded && serviceMs(situation) > 0 ? Number.POSITIVE_INFINITY : high + 4 * besides + dropsAgain,
  })
  // Where within a round trip the queue fills decides over one connection more or fewer.
  const share = (pick: (from: Refused) => number, atEdge = 0): Estimate => {
    const { value, low, high } = scaled(({ refused }) => pick(refused), 1 / all)
    const estimate = {
      value: Math.min(1, value),
      low: Math.min(1, Math.max(0, low - atEdge / all)),
      high: Math.min(1, high + atEdge / all),
    }
    return everyMs === undefined ? estimate : { ...open(estimate), high: together ? 1 : estimate.high }
  }
  return {
    coming: mean,
    refused: likely.refused,
    dropsOfOne: likely.drops,
    risk: tail(sumOf(arrivalsDuring(one, ms), before), backlog + 1),
    estimates: {
      delayedShare: share(({ syns }) => syns),
      falseShare: share(({ finalAcks }) => finalAcks, client.rttMs === 0 ? 0 : 1),
      drops: open(alsoBesides({ ...drops, high: drops.high + tries })),
      retries: open(again.length === 0 ? exactly(0) : alsoBesides(scaled(({ retries }) => retries, stalls))),
    },
  }
}
