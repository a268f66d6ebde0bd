/** From the arrivals that were seen lately to a backlog: pure, and fast enough for a board that asks every second. */
import { busiest } from './busiest.ts'
import { binomial, quantile } from './closed/count-distribution.ts'
import { smallestBacklog } from './closed/stall.ts'
import { duration, number } from './words.ts'

export interface Seen {
  /** Sockets that share the port. */
  sockets: number
  /** The backlog in force of each. */
  limit: number
  /** The longest time for which a backend is expected, or was seen, to stand still. */
  stallMs: number
  /** With which probability nothing may be dropped; default 99 %. */
  sureness?: number
}

export interface Advice {
  backlog: number
  enough: boolean
  /** The longest stall that the backlog in force survives, with these arrivals; infinite if all of them fit at once. */
  survivesMs: number
  /** The moment of the recording at which the most came in such a stall, and how many. */
  busiest: { fromMs: number; count: number }
  /** Two sentences: what to set, and why. */
  words: string[]
}

/** What backlog these arrivals need (milliseconds, never decreasing), if a stall falls on their busiest moment. Undefined without arrivals. */
export function adviceFrom(arrivals: Float64Array, seen: Seen): Advice | undefined {
  if (arrivals.length === 0) return undefined
  const { sockets, limit, stallMs, sureness = 0.99 } = seen
  const atWorst = busiest(arrivals, stallMs)
  const backlog = smallestBacklog(binomial(atWorst.count, 1 / sockets), sureness)
  const enough = backlog <= limit
  const survivesMs = longestStall(arrivals, seen, sureness)
  return {
    ...{ backlog, enough, survivesMs, busiest: atWorst },
    words: [
      enough
        ? `A backlog of ${number(backlog)} is enough for a stall of ${duration(stallMs)}; ${number(limit)} is set, and survives ${Number.isFinite(survivesMs) ? duration(survivesMs) : 'any'}.`
        : `Set a backlog of ${number(backlog)}: ${number(limit)} survives a stall of ${duration(survivesMs)} only, not ${duration(stallMs)}.`,
      `In the busiest ${duration(stallMs)} ${number(atWorst.count)} connections came${sockets > 1 ? `; one of ${number(sockets)} sockets gets at most ${number(backlog + 1)} of them` : ''}, and N + 1 fit.`,
    ],
  }
}

function longestStall(arrivals: Float64Array, { sockets, limit }: Seen, sureness: number): number {
  const fits = (ms: number): boolean =>
    quantile(binomial(busiest(arrivals, ms).count, 1 / sockets), sureness) <= limit + 1
  const span = arrivals.at(-1)! - arrivals[0]! + 1
  if (fits(span)) return Number.POSITIVE_INFINITY
  let [low, high] = [0, span]
  while (high - low > 1) {
    const middle = (low + high) / 2
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}
