/** How much of a new duration enters the average: the last ten or so decide. */
const WEIGHT = 0.2
/** One dump that the scheduler interrupted may not count for more than this many usual ones. */
const OUTLIER = 4
/** Below this an average says too little to call anything an outlier. */
const NEGLIGIBLE_MS = 0.1

/** Work that is repeated at an interval, and may be done less often when it costs too much. */
export class BudgetedWork {
  readonly askedIntervalMs: number
  averageMs = 0
  #observed = false

  constructor(askedIntervalMs: number) {
    this.askedIntervalMs = askedIntervalMs
  }

  /** The share of a core that this work takes at the interval that was asked for. */
  get demand(): number {
    return this.averageMs / this.askedIntervalMs
  }

  observe(durationMs: number): void {
    const believed = this.#observed
      ? Math.min(durationMs, Math.max(this.averageMs, NEGLIGIBLE_MS) * OUTLIER)
      : durationMs
    this.averageMs += (believed - this.averageMs) * (this.#observed ? WEIGHT : 1)
    this.#observed = true
  }
}

/** Keeps the cost of several works together under a share of one core, by stretching all their intervals alike. */
export class CostBudget {
  readonly #share: number
  #demand = 0

  constructor(share: number) {
    this.#share = share
  }

  observe(work: BudgetedWork, durationMs: number): void {
    this.#demand -= work.demand
    work.observe(durationMs)
    this.#demand += work.demand
  }

  /** Forgets work that is no longer done. */
  release(work: BudgetedWork): void {
    this.#demand -= work.demand
  }

  /** The interval that this work may run at: as asked, or longer. */
  intervalMs(work: BudgetedWork): number {
    return work.askedIntervalMs * Math.max(1, this.#demand / this.#share)
  }
}
