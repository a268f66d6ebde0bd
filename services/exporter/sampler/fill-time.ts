import { SumWindow } from './sliding-window.ts'

/**
 * How long an accept queue was at or above half, nine tenths and the whole of the N + 1 connections that it holds. Each
 * sample stands for the time since the previous one, so the resolution is the sampling interval. Where it is known otherwise how long it
 * was full, that is added, and samples of a full queue are not.
 */
export class FillTime {
  halfMs = 0
  nineTenthsMs = 0
  fullMs = 0
  /** What samples have added to that since it was last known otherwise. */
  #sampledMs = 0
  readonly #fullWindow: SumWindow
  readonly #longestGapMs: number

  /**
   * A gap above `longestGapMs` (the machine was suspended, the thread got no CPU) counts as that much and no more: how
   * full the queue was for the rest of it is unknown.
   */
  constructor(windowMs: number, longestGapMs: number) {
    this.#fullWindow = new SumWindow(windowMs)
    this.#longestGapMs = longestGapMs
  }

  observe(nowMs: number, elapsedMs: number, length: number, limit: number, fullIsKnown = false): void {
    const holds = limit + 1
    if (length < holds * 0.5) return
    const countedMs = Math.max(0, Math.min(elapsedMs, this.#longestGapMs))
    this.halfMs += countedMs
    if (length < holds * 0.9) return
    this.nineTenthsMs += countedMs
    if (length < holds || fullIsKnown) return
    this.fullMs += countedMs
    this.#sampledMs += countedMs
    this.#fullWindow.add(nowMs, countedMs)
  }

  /** Adds time for which it was full since that was last known; what samples have told of the same time is in it already. */
  add(nowMs: number, fullMs: number): void {
    const more = Math.max(0, fullMs - this.#sampledMs)
    this.#sampledMs = 0
    if (more === 0) return
    this.fullMs += more
    this.#fullWindow.add(nowMs, more)
    // A spell that no sample has met was one of half a queue as well.
    this.nineTenthsMs = Math.max(this.nineTenthsMs, this.fullMs)
    this.halfMs = Math.max(this.halfMs, this.nineTenthsMs)
  }

  fullMsInWindow(nowMs: number): number {
    return this.#fullWindow.sum(nowMs)
  }
}

/** The longest time that a sample may stand for: ten intervals, or a quarter of a second if that is more. */
export const longestGapMs = (sampleIntervalMs: number): number => Math.max(10 * sampleIntervalMs, 250)
