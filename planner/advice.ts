/** From the arrivals that were counted lately to a backlog: pure, and fast enough for a board that asks every second. */

import { median } from '#common/quantile.ts'
import { duration, number, percent, plural } from '#common/quantities.ts'
import { smallestBacklog } from './closed/stall.ts'
import {
  type AtWorst,
  type CountedInterval,
  fitsAtWorst,
  mostAtOnce,
  Run,
  SURENESS,
  worstMoment,
} from './counted-arrivals.ts'

export interface Seen {
  /** The backlog in force of each socket that listens on the port. */
  limits: readonly number[]
  /** Whether the kernel spreads arrivals over these sockets by chance, as its hash does; else one of them may get all. */
  byChance: boolean
  /** The longest time for which a backend is expected, or was seen, to stand still. */
  stallMs: number
  /** net.core.somaxconn, if it is known. */
  somaxconn?: number
}

/** The longest stall that a backlog survives. `at least`: nothing longer was watched. `less than`: nothing shorter is told. */
export interface Survived {
  ms: number
  bound: 'exactly' | 'at least' | 'less than'
}

interface SocketAdvice {
  limit: number
  enough: boolean
  survives: Survived
}

export interface Advice {
  /** For each socket. */
  backlog: number
  /** In the order of the limits. */
  sockets: SocketAdvice[]
  /** How many arrivals this is concluded from, and how long they were watched. */
  arrivals: number
  watchedMs: number
  /** The usual time between two readings. */
  intervalMs: number
  /** What to set, why, and what limits the answer. */
  words: string[]
}

/**
 * What backlog each socket needs if a stall falls on the busiest moment of what was counted: runs of intervals, each
 * without a gap. Undefined if nothing came, or nothing was watched for as long as the stall. A stall that is shorter than the
 * time between two readings is counted as one of that length: how close together the arrivals came is not known.
 */
export function adviceFrom(counted: readonly (readonly CountedInterval[])[], seen: Seen): Advice | undefined {
  const runs = counted.filter((intervals) => intervals.length > 0).map((intervals) => new Run(intervals))
  const { limits, byChance, stallMs } = seen
  const arrivals = runs.reduce((sum, { count }) => sum + count, 0)
  if (arrivals === 0 || limits.length === 0) return undefined
  const share = byChance ? 1 / limits.length : 1
  const intervalMs = usualLength(runs)
  const worst = worstMoment(runs, Math.max(stallMs, intervalMs), share)
  if (worst === undefined) return undefined
  const backlog = smallestBacklog(worst.toSocket, SURENESS)
  const atOnce = Math.max(0, mostAtOnce(runs, stallMs, share) - 1)
  const survivors = new Map([...new Set(limits)].map((limit) => [limit, longestStall(runs, share, limit, intervalMs)]))
  const sockets = limits.map((limit) => ({ limit, enough: limit >= backlog, survives: survivors.get(limit)! }))
  return {
    backlog,
    sockets,
    arrivals,
    intervalMs,
    watchedMs: runs.reduce((sum, { lengthMs }) => sum + lengthMs, 0),
    words: [
      whatToSet(backlog, sockets, stallMs),
      why(worst, backlog, Math.max(stallMs, intervalMs), seen),
      ...(stallMs < intervalMs
        ? [`A stall of ${duration(stallMs)} is counted as one of ${duration(intervalMs)}: arrivals are known no finer.`]
        : []),
      ...(atOnce > backlog
        ? [
            `Within ${duration(intervalMs)} they are taken to fall anywhere; if all of them came in one instant, it would have to be ${number(atOnce)}.`,
          ]
        : []),
      ...(seen.somaxconn !== undefined && backlog > seen.somaxconn
        ? [`net.core.somaxconn is ${number(seen.somaxconn)} and would cut it down in silence: raise that first.`]
        : []),
    ],
  }
}

/** The longest stall in words: `430 ms`, `60 s or more`. Whole milliseconds: it is searched no finer. */
export const survivedWords = ({ ms, bound }: Survived): string => {
  const words = duration(Math.round(ms))
  return bound === 'less than' ? `less than ${words}` : bound === 'at least' ? `${words} or more` : words
}

function usualLength(runs: readonly Run[]): number {
  // Snapshots are a few hundredths of a millisecond early or late.
  return Math.round(median(runs.flatMap(({ intervalsMs }) => [...intervalsMs])) || 0)
}

function longestStall(runs: readonly Run[], share: number, limit: number, shortestMs: number): Survived {
  const longestMs = Math.max(...runs.map(({ lengthMs }) => lengthMs))
  const fits = (ms: number): boolean => fitsAtWorst(runs, ms, share, limit + 1)
  if (!fits(shortestMs)) return { ms: shortestMs, bound: 'less than' }
  if (fits(longestMs)) return { ms: longestMs, bound: 'at least' }
  let [low, high] = [shortestMs, longestMs]
  while (high - low > Math.max(1, low / 100)) {
    const middle = (low + high) / 2
    if (fits(middle)) low = middle
    else high = middle
  }
  return { ms: low, bound: 'exactly' }
}

function whatToSet(backlog: number, sockets: readonly SocketAdvice[], stallMs: number): string {
  const stall = `a stall of ${duration(stallMs)}`
  const short = sockets.filter(({ enough }) => !enough)
  const [weakest] = sockets.toSorted((a, b) => a.limit - b.limit)
  const { limit, survives } = weakest!
  const same = sockets.every((socket) => socket.limit === limit)
  if (short.length === 0) {
    const set = same
      ? `${number(limit)} is set${sockets.length > 1 ? ` on each of the ${number(sockets.length)} sockets` : ''}`
      : `${number(limit)} is the least that is set`
    return `A backlog of ${number(backlog)} is enough for ${stall}; ${set}, and survives ${survivedWords(survives)}.`
  }
  const where =
    sockets.length === 1
      ? ''
      : short.length === sockets.length
        ? ` on each of the ${number(sockets.length)} sockets`
        : ` on ${number(short.length)} of the ${number(sockets.length)} sockets`
  const what = `${same ? '' : 'the least there is, '}${number(limit)}${same ? '' : ','}`
  return `Set a backlog of ${number(backlog)}${where}: ${what} survives a stall of ${survivedWords(survives)} only, not one of ${duration(stallMs)}.`
}

function why({ mean, toSocket }: AtWorst, backlog: number, stallMs: number, seen: Seen): string {
  const { limits, byChance } = seen
  const certain = toSocket.probabilities.length === 1
  const came = `${certain ? '' : 'about '}${plural(Math.round(mean), 'connection')} came in the busiest ${duration(stallMs)}`
  const one = byChance && limits.length > 1 ? `one of ${number(limits.length)} sockets gets` : 'a stall meets'
  const most = certain ? '' : `: with ${percent(SURENESS)} certainty ${one} at most ${number(backlog + 1)} of them`
  const all = !byChance && limits.length > 1 ? ', and one socket may get them all' : ''
  return `${came[0]!.toUpperCase()}${came.slice(1)}${most}${all}. N + 1 fit.`
}
