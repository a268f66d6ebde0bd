/**
 * Arrivals of which only is known how many came between one reading of a counter and the next. Where within they fell is
 * not known: each is taken to have fallen anywhere, on its own.
 */
import { binomial, type CountDistribution, quantile, sumOf } from './closed/count-distribution.ts'

export interface CountedInterval {
  fromMs: number
  toMs: number
  count: number
}

/** With this probability what comes is no more. */
export const SURENESS = 0.99
/** How many deviations above the average that lies, about. */
const NEARLY_CERTAIN_SIGMAS = 2.33

/** Intervals that follow each other without a gap. */
export class Run {
  readonly count: number
  readonly #edges: Float64Array
  readonly #counts: Float64Array
  /** `#before[i]` is how many came before interval i. */
  readonly #before: Float64Array

  constructor(intervals: readonly CountedInterval[]) {
    this.#edges = Float64Array.of(intervals[0]?.fromMs ?? 0, ...intervals.map(({ toMs }) => toMs))
    this.#counts = Float64Array.from(intervals, ({ count }) => count)
    this.#before = new Float64Array(intervals.length + 1)
    for (const [i, count] of this.#counts.entries()) this.#before[i + 1] = this.#before[i]! + count
    this.count = this.#before.at(-1)!
  }

  get lengthMs(): number {
    return this.#edges.at(-1)! - this.#edges[0]!
  }

  /** How long each interval is. */
  get intervalsMs(): Float64Array {
    return this.#edges.subarray(1).map((edge, i) => edge - this.#edges[i]!)
  }

  /**
   * Where a stretch of this length begins that brings the most, nearly for certain, to a socket that gets each arrival
   * with probability `share`. It begins or ends with an interval, or begins in the middle of one. Undefined if the run is shorter.
   */
  busiest(lengthMs: number, share: number): { fromMs: number; score: number } | undefined {
    const edges = this.#edges
    const [start, end] = [edges[0]!, edges.at(-1)!]
    let best: { fromMs: number; score: number } | undefined
    for (const begin of [
      (i: number) => edges[i]!,
      (i: number) => (edges[i]! + edges[i + 1]!) / 2,
      (i: number) => edges[i + 1]! - lengthMs,
    ]) {
      let [first, last] = [0, 0]
      for (let i = 0; i < this.#counts.length; i++) {
        const fromMs = begin(i)
        const toMs = fromMs + lengthMs
        if (fromMs < start || toMs > end + ROUNDING_MS) continue
        while (first < this.#counts.length - 1 && edges[first + 1]! <= fromMs) first++
        while (last < this.#counts.length - 1 && edges[last + 1]! < toMs) last++
        const score = this.#score(first, last, fromMs, toMs, share)
        if (best === undefined || score > best.score) best = { fromMs, score }
      }
    }
    return best
  }

  /** The intervals on which a stretch falls: the sum of those that it covers, and the parts of the first and the last. */
  covered(fromMs: number, lengthMs: number): { whole: number; parts: { count: number; share: number }[] } {
    const toMs = fromMs + lengthMs
    const first = Math.max(
      0,
      this.#edges.findLastIndex((edge) => edge <= fromMs),
    )
    const next = this.#edges.findIndex((edge) => edge >= toMs)
    const last = Math.max(first, (next < 0 ? this.#edges.length - 1 : next) - 1)
    const part = (i: number) => ({ count: this.#counts[i]!, share: this.#part(i, fromMs, toMs) })
    return first === last
      ? { whole: 0, parts: [part(first)] }
      : { whole: this.#before[last]! - this.#before[first + 1]!, parts: [part(first), part(last)] }
  }

  /** The most that may come in a stretch of this length, if those of every interval come at its worst moment. */
  mostAtOnce(lengthMs: number): number {
    let most = 0
    let last = 0
    for (let first = 0; first < this.#counts.length; first++) {
      // It begins just before the end of this interval.
      const toMs = this.#edges[first + 1]! + lengthMs
      while (last < this.#counts.length - 1 && this.#edges[last + 1]! < toMs) last++
      most = Math.max(most, this.#before[last + 1]! - this.#before[first]!)
    }
    return most
  }

  /** Which share of an interval lies within. */
  #part(i: number, fromMs: number, toMs: number): number {
    const [begin, end] = [this.#edges[i]!, this.#edges[i + 1]!]
    return Math.min(1, Math.max(0, (Math.min(toMs, end) - Math.max(fromMs, begin)) / (end - begin)))
  }

  #score(first: number, last: number, fromMs: number, toMs: number, share: number): number {
    const whole = first < last ? this.#before[last]! - this.#before[first + 1]! : 0
    const p = this.#part(first, fromMs, toMs) * share
    const q = first < last ? this.#part(last, fromMs, toMs) * share : 0
    const [head, tail] = [this.#counts[first]!, this.#counts[last]!]
    const mean = whole * share + head * p + tail * q
    const variance = whole * share * (1 - share) + head * p * (1 - p) + tail * q * (1 - q)
    return mean + NEARLY_CERTAIN_SIGMAS * Math.sqrt(variance)
  }
}

/** Sums of fractions of milliseconds are not exact. */
const ROUNDING_MS = 0.001

/** The worst moment for a socket to stand still. */
export interface AtWorst {
  /** How many come to all sockets meanwhile, on average. */
  mean: number
  /** How many come to the one. */
  toSocket: CountDistribution
}

/** The worst moment for a stall of so long, of a socket that gets each arrival with probability `share`; undefined if no run is as long. */
export function worstMoment(runs: readonly Run[], stallMs: number, share: number): AtWorst | undefined {
  const busiest = busiestOf(runs, stallMs, share)
  if (busiest === undefined) return undefined
  const { whole, parts } = busiest.run.covered(busiest.fromMs, stallMs)
  return {
    mean: parts.reduce((sum, part) => sum + part.count * part.share, whole),
    toSocket: parts.map((part) => binomial(part.count, part.share * share)).reduce(sumOf, binomial(whole, share)),
  }
}

/** So near to the average and so many deviations the quantile lies: binomial counts are a little askew, and whole. */
const SKEW = 3

/** Whether so many places hold what comes to such a socket at the worst moment for a stall of so long. */
export function fitsAtWorst(runs: readonly Run[], stallMs: number, share: number, places: number): boolean {
  const score = busiestOf(runs, stallMs, share)?.score ?? 0
  // Only where it is close does the exact distribution decide: it costs a thousand times as much.
  if (Math.abs(score - places) > SKEW) return score < places
  const worst = worstMoment(runs, stallMs, share)
  return worst === undefined || quantile(worst.toSocket, SURENESS) <= places
}

function busiestOf(runs: readonly Run[], stallMs: number, share: number) {
  let best: { run: Run; fromMs: number; score: number } | undefined
  for (const run of runs) {
    const busiest = run.busiest(stallMs, share)
    if (busiest !== undefined && (best === undefined || busiest.score > best.score)) best = { run, ...busiest }
  }
  return best
}

/** How many come to such a socket at most, had those of every interval come at once. */
export const mostAtOnce = (runs: readonly Run[], stallMs: number, share: number): number =>
  quantile(binomial(Math.max(0, ...runs.map((run) => run.mostAtOnce(stallMs))), share), SURENESS)
