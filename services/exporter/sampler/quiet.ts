/** This long without anything in its queues makes a queue quiet. */
const QUIET_AFTER_MS = 60_000
/** A quiet SYN queue is counted about as often as a counter could show that it is not. */
const LONGEST_SYN_MS = 1000

/**
 * The socket at which the exporter itself listens; its inode is 0 while there is none. Who waits there comes for what is known
 * already, every few seconds: that is no reason to read the queues of a host at rest more often.
 */
export interface OwnSocket {
  readonly inode: number
}

export const noOwnSocket: OwnSocket = { inode: 0 }

/** Some queues and when anything last waited in them. */
export class Stillness {
  #fromMs: number

  /** `stirredMs` is when they are taken to have been in use last: quiet is what has been proven so. */
  constructor(stirredMs: number) {
    this.#fromMs = stirredMs + QUIET_AFTER_MS
  }

  stir(nowMs: number): void {
    this.#fromMs = nowMs + QUIET_AFTER_MS
  }

  /** Whether nothing has waited for so long that looking less often will do. */
  isQuiet(nowMs: number): boolean {
    return nowMs >= this.#fromMs
  }
}

/** Whether anything has waited in the queues of a namespace lately: one in which nothing has is read less often. */
export class Quiet {
  readonly #accept: Stillness
  readonly #syn: Stillness

  /** A namespace is busy until proven quiet. */
  constructor(nowMs: number) {
    this.#accept = new Stillness(nowMs)
    this.#syn = new Stillness(nowMs)
  }

  /** Takes whether a reading found anything that waits. */
  acceptQueues(nowMs: number, waits: boolean): void {
    if (waits) this.#accept.stir(nowMs)
  }

  synQueues(nowMs: number, waits: boolean): void {
    if (waits) this.#syn.stir(nowMs)
  }

  /** Whether the accept queues have been empty for long. */
  isQuiet(nowMs: number): boolean {
    return this.#accept.isQuiet(nowMs)
  }

  /** How often half-open requests are to be counted, if otherwise every `intervalMs`. */
  synIntervalMs(nowMs: number, intervalMs: number): number {
    return this.#syn.isQuiet(nowMs) && this.isQuiet(nowMs) ? Math.max(intervalMs, LONGEST_SYN_MS) : intervalMs
  }
}
