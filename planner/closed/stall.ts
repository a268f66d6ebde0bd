/**
 * A loop that stands still: what comes meanwhile has to fit, and N + 1 fit. Nothing but counting, so it is exact as far as
 * the queue was empty before and drains faster than it fills afterwards.
 */
import { type CountDistribution, meanExcess, quantile, sumOf } from './count-distribution.ts'

/** The smallest backlog at which nothing is dropped, with this probability. */
export const smallestBacklog = (arrivals: CountDistribution, probability: number): number =>
  Math.max(0, quantile(arrivals, probability) - 1)

/**
 * How many of those who come lose a SYN, or the last packet of their handshake, where those who come meet this backlog, on
 * average. A round trip passes between the look at the SYN and the look at its final ACK: `underWay` come in that time,
 * were let in while there was room, and find none: docs/kernel-facts.md#final-ack-overflow.
 */
export function refusedIn({ come, before }: Meeting, backlog: number, underWay: number): Refused {
  const all = sumOf(come, before)
  // What was there before is no more than fits.
  const beyond = (places: number): number => Math.max(0, meanExcess(all, places) - meanExcess(before, places))
  const syns = beyond(backlog + 1)
  return { syns, finalAcks: underWay === 0 ? 0 : syns - beyond(backlog + 1 + underWay) }
}

/** Who comes while a loop stands still, and how many wait already when it begins to. */
export interface Meeting {
  come: CountDistribution
  before: CountDistribution
}

export interface Refused {
  syns: number
  finalAcks: number
}

/** The smallest backlog, up to `most`, for which something holds that holds for every larger one. */
export function smallestFor(most: number, holds: (backlog: number) => boolean): number {
  let low = 0
  let high = most
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** What one stall costs with a given backlog. */
export interface StallCost {
  refused: Refused
  /** SYNs dropped: who was refused tries again after 1, 2, 3 s, and meets the same full queue if the stall lasts. */
  drops: number
  /** SYNs sent again by those who are refused before the loop goes on: the last try of a client has none after it. */
  retries: number
  /** How many are still waiting after their first, second, … retry. */
  stillRefused: number[]
}

/** `refusedWithin(ms)` is who is refused in so much time; `retriesAtMs` when a dropped SYN is sent again. */
export function stallCost(
  refusedWithin: (ms: number) => Refused,
  stallMs: number,
  retriesAtMs: readonly number[],
): StallCost {
  const refused = refusedWithin(stallMs)
  // Whoever was refused before (stall − r) has sent again, and been refused again, r later.
  const refusedBy = (ms: number): number => (ms <= 0 ? 0 : refusedWithin(ms).syns)
  const tries = [refused.syns, ...retriesAtMs.map((atMs) => refusedBy(stallMs - atMs))]
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  return {
    refused,
    drops: sum(tries),
    retries: sum(tries.slice(0, -1)),
    stillRefused: tries.slice(1).filter((count) => count > 0),
  }
}
