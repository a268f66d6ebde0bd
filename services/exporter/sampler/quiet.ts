/** This long without anything in its queues makes a namespace quiet. */
const QUIET_AFTER_MS = 60_000
/** A quiet SYN queue is counted about as often as a counter could show that it is not. */
const LONGEST_SYN_MS = 1000

/** Whether anything has waited in the queues of a namespace lately: one in which nothing has is read less often. */
export class Quiet {
  #acceptFromMs: number
  #synFromMs: number

  /** A namespace is busy until proven quiet. */
  constructor(nowMs: number) {
    this.#acceptFromMs = this.#synFromMs = nowMs + QUIET_AFTER_MS
  }

  /** Takes whether a reading found anything that waits. */
  acceptQueues(nowMs: number, waits: boolean): void {
    if (waits) this.#acceptFromMs = nowMs + QUIET_AFTER_MS
  }

  synQueues(nowMs: number, waits: boolean): void {
    if (waits) this.#synFromMs = nowMs + QUIET_AFTER_MS
  }

  /** Whether the accept queues have been empty for long. */
  isQuiet(nowMs: number): boolean {
    return nowMs >= this.#acceptFromMs
  }

  /** How often half-open requests are to be counted, if otherwise every `intervalMs`. */
  synIntervalMs(nowMs: number, intervalMs: number): number {
    return nowMs < this.#synFromMs || !this.isQuiet(nowMs) ? intervalMs : Math.max(intervalMs, LONGEST_SYN_MS)
  }
}
