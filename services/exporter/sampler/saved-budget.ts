import { type BudgetedWork, CostBudget } from './cost-budget.ts'

/** CPU time that was not used may be used within so long: a burst after a calm is what is looked for. */
const SAVED_FOR_MS = 5000

/**
 * Keeps the cost of one kind of work, over all namespaces, under a share of one core in the long run: what a calm has saved
 * lets it run as often as asked through a burst. Only when that is used up the intervals are stretched, as by a CostBudget.
 */
export class SavedBudget {
  readonly #share: number
  readonly #clock: () => number
  readonly #stretched: CostBudget
  #savedMs: number
  #atMs: number

  /** `clock` gives milliseconds that never step. */
  constructor(share: number, ceilingMs: number, clock: () => number) {
    this.#share = share
    this.#clock = clock
    this.#stretched = new CostBudget(share, ceilingMs)
    this.#savedMs = this.#mostMs
    this.#atMs = clock()
  }

  /** Work that is to be repeated at this interval, and may be done less often when all of its kind costs too much. */
  work(askedIntervalMs: number): SavedWork {
    const work = this.#stretched.work(askedIntervalMs)
    const isPlenty = (): boolean => this.#savedMs > this.#mostMs / 2
    return {
      observe: (cpuMs) => {
        work.observe(cpuMs)
        this.#spend(cpuMs)
      },
      intervalMs: () => (this.#savedMs > 0 ? askedIntervalMs : work.intervalMs()),
      release: () => work.release(),
      get isPlenty() {
        return isPlenty()
      },
    }
  }

  get #mostMs(): number {
    return this.#share * SAVED_FOR_MS
  }

  /** A debt beyond one such span is forgiven: a machine that stood still for long must not blind the sampler for long. */
  #spend(cpuMs: number): void {
    const nowMs = this.#clock()
    const earnedMs = (nowMs - this.#atMs) * this.#share
    this.#atMs = nowMs
    this.#savedMs = Math.max(-this.#mostMs, Math.min(this.#mostMs, this.#savedMs + earnedMs) - cpuMs)
  }
}

export interface SavedWork extends BudgetedWork {
  /** Whether at least half of what can be saved is left: what may wait for better times need not. */
  readonly isPlenty: boolean
}
