/**
 * A schedule that neither drifts nor bunches: ticks lie on a grid of the monotonic clock, a late tick does not move the
 * others, and missed ticks are skipped. Steps of the wall clock do not affect it.
 */
export class Pacer {
  #intervalMs: number
  #nextMs: number
  /** Ticks that began more than half an interval after their time. */
  late = 0

  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs
    this.#nextMs = nowMs
  }

  /** Until the next tick; 0 when it is due. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#nextMs - nowMs)
  }

  /** Call this when a tick begins, with the interval to the next one if that changes. */
  begin(nowMs: number, intervalMs = this.#intervalMs): void {
    const behindMs = nowMs - this.#nextMs
    if (behindMs > this.#intervalMs / 2) this.late++
    this.#intervalMs = intervalMs
    this.#nextMs += intervalMs * (1 + Math.max(0, Math.floor(behindMs / intervalMs)))
  }
}
