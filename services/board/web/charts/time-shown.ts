/** The stretch of time that all charts show: it goes along with the samples, or stands still. Pure. */
import type { Point } from './series.ts'

/** Seconds since the epoch. */
export interface Range {
  min: number
  max: number
}

/** A line goes on this far beyond the edge, so that it does not end before it. */
const BEYOND_SECONDS = 0.2

export class TimeShown {
  #spanMs = 60_000
  /** What is shown while it stands still, and the last moment that had been seen when it stopped. */
  #still: { range: Range; seenMs: number } | undefined

  /** How much is shown while it goes along. */
  get spanMs(): number {
    return this.#spanMs
  }

  get standsStill(): boolean {
    return this.#still !== undefined
  }

  /** The time of the last sample that had been seen when it was stopped. */
  get stoppedMs(): number | undefined {
    return this.#still?.seenMs
  }

  /** What is shown, if `lastMs` is the time of the last sample. */
  range(lastMs: number): Range {
    return this.#still?.range ?? endingAt(lastMs / 1000, this.#spanMs)
  }

  /** Stands still, at what is shown now or at a part of it. */
  stop(lastMs: number, range: Range = this.range(lastMs)): void {
    this.#still = { range, seenMs: this.#still?.seenMs ?? lastMs }
  }

  /** Goes along with the samples again. */
  goOn(): void {
    this.#still = undefined
  }

  /** Shows so much; what stands still keeps its end. */
  span(ms: number): void {
    this.#spanMs = ms
    if (this.#still !== undefined) this.#still.range = endingAt(this.#still.range.max, ms)
  }

  /** The points to draw: those within, and one before, where the line comes from. Nothing that came after it was stopped. */
  within(points: readonly Point[], { min, max }: Range): Point[] {
    const from = Math.max(0, firstFrom(points, min) - 1)
    const seenMs = this.#still?.seenMs ?? Number.POSITIVE_INFINITY
    let to = points.length
    while (to > from && isBeyond(points[to - 1]!, Math.min(max + BEYOND_SECONDS, seenMs / 1000))) to--
    return points.slice(from, to)
  }
}

/** The first of these, which are in order, that is not before this moment; by halves, since they are thousands. */
function firstFrom(points: readonly Point[], seconds: number): number {
  let [low, high] = [0, points.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle]!.timeMs / 1000 < seconds) low = middle + 1
    else high = middle
  }
  return low
}

const endingAt = (max: number, spanMs: number): Range => ({ min: max - spanMs / 1000, max })

const isBeyond = ({ timeMs }: Point, seconds: number): boolean => timeMs / 1000 > seconds
