import { LOOK_BURST_SECONDS } from './limits.ts'

/**
 * How often the kernel may be read because somebody asks for it at once: whoever asks again and again gets as many
 * readings as a share of a core pays for.
 */
export class LookBudget {
  readonly #share: number
  readonly #spentSeconds: () => number
  readonly #clock: () => number
  #leftSeconds = LOOK_BURST_SECONDS
  #knownSeconds: number
  #countedMs: number

  /** `spentSeconds` gives the CPU time of all readings so far; it starts again at 0 with a new sampler. */
  constructor(share: number, spentSeconds: () => number, clock = () => performance.now()) {
    this.#share = share
    this.#spentSeconds = spentSeconds
    this.#clock = clock
    this.#knownSeconds = spentSeconds()
    this.#countedMs = clock()
  }

  /** Whether one more is paid for. What it costs is known, and charged, after it. */
  get allows(): boolean {
    const nowMs = this.#clock()
    const spent = this.#spentSeconds()
    const since = spent >= this.#knownSeconds ? spent - this.#knownSeconds : spent
    const earned = (this.#share * (nowMs - this.#countedMs)) / 1000
    this.#leftSeconds = Math.min(LOOK_BURST_SECONDS, this.#leftSeconds + earned) - since
    this.#knownSeconds = spent
    this.#countedMs = nowMs
    return this.#leftSeconds > 0
  }
}
