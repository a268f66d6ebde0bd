import { monotonicMs } from './clock.ts'

const EVERY_MS = 5

/** Measures how late a timer of this process fires while it is not disposed of: what the machine adds to every time. */
export class LagMeter implements Disposable {
  #worstMs = 0
  #dueMs = monotonicMs() + EVERY_MS
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => {
      this.#worstMs = this.worstMs
      this.#dueMs = monotonicMs() + EVERY_MS
    }, EVERY_MS)
    this.#timer.unref()
  }

  /** Milliseconds, since the beginning or the last `take()`. A timer that is overdue counts as it is. */
  get worstMs(): number {
    // Timers have a resolution of one millisecond.
    return Math.max(this.#worstMs, monotonicMs() - this.#dueMs - 1)
  }

  /** Gives the worst so far and begins anew. */
  take(): number {
    const { worstMs } = this
    this.#worstMs = 0
    // What was late until now is told; what is late from now on is the next one's.
    this.#dueMs = Math.max(this.#dueMs, monotonicMs())
    return worstMs
  }

  /** What it has measured by now stays. */
  [Symbol.dispose](): void {
    this.#worstMs = this.worstMs
    this.#dueMs = Number.POSITIVE_INFINITY
    clearInterval(this.#timer)
  }
}
