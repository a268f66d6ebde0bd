/** A bucket of tokens: a request takes one, and one comes back each interval, up to the burst. */
export class RateLimit {
  readonly #intervalMs: number
  readonly #burst: number
  readonly #clock: () => number
  #left: number
  #countedMs: number

  constructor({ intervalMs, burst }: { intervalMs: number; burst: number }, clock = () => performance.now()) {
    this.#intervalMs = intervalMs
    this.#burst = burst
    this.#clock = clock
    this.#left = burst
    this.#countedMs = clock()
  }

  /** Whether one more request may be answered now. */
  take(): boolean {
    const nowMs = this.#clock()
    this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#countedMs) / this.#intervalMs)
    this.#countedMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
