import { monotonicMs } from '#common/clock.ts'

const EVERY_MS = 5

/** Measures how late a timer of this process fires while it is not disposed of: what the machine adds to every time. */
export class LagMeter implements Disposable {
  #worstMs = 0
  #dueMs = monotonicMs() + EVERY_MS
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => {
      const nowMs = monotonicMs()
      // Timers have a resolution of one millisecond.
      this.#worstMs = Math.max(this.#worstMs, nowMs - this.#dueMs - 1)
      this.#dueMs = nowMs + EVERY_MS
    }, EVERY_MS)
    this.#timer.unref()
  }

  get worstMs(): number {
    return this.#worstMs
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
