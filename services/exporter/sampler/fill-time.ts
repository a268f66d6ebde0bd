import { SumWindow } from './sliding-window.ts'

/**
 * How long an accept queue was at or above half, nine tenths and the whole of the N + 1 connections that it holds. Each
 * sample stands for the time since the previous one, so the resolution is the sampling interval.
 */
export class FillTime {
  halfMs = 0
  nineTenthsMs = 0
  fullMs = 0
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

  observe(nowMs: number, elapsedMs: number, length: number, limit: number): void {
    const holds = limit + 1
    if (length < holds * 0.5) return
    const countedMs = Math.max(0, Math.min(elapsedMs, this.#longestGapMs))
    this.halfMs += countedMs
    if (length < holds * 0.9) return
    this.nineTenthsMs += countedMs
    if (length < holds) return
    this.fullMs += countedMs
    this.#fullWindow.add(nowMs, countedMs)
  }

  fullMsInWindow(nowMs: number): number {
    return this.#fullWindow.sum(nowMs)
  }
}

/** The longest time that a sample may stand for: ten intervals, or a quarter of a second if that is more. */
export const longestGapMs = (sampleIntervalMs: number): number => Math.max(10 * sampleIntervalMs, 250)
