/** The weight of a new cost in the average: the last ten or so decide. */
const WEIGHT = 0.2
/** One dump that met cold caches may not count for more than this many usual ones. */
const OUTLIER = 4
/** Below this an average says too little to call anything an outlier. */
const NEGLIGIBLE_MS = 0.1

/**
 * Keeps the cost of one kind of work, over all namespaces, under a share of one core by stretching its intervals, though
 * never beyond a ceiling. Costs are CPU time: the time a thread waits for a CPU on a busy machine is not its cost. Each
 * kind has its own budget, so that an expensive kind does not delay the others.
 */
export class CostBudget {
  readonly #share: number
  readonly #ceilingMs: number
  #demand = 0

  constructor(share: number, ceilingMs: number) {
    this.#share = share
    this.#ceilingMs = ceilingMs
  }

  /** Work that is to be repeated at this interval, and may be done less often when all of its kind costs too much. */
  work(askedIntervalMs: number): BudgetedWork {
    let averageMs = 0
    let observed = false
    const add = (averagedMs: number): void => {
      this.#demand += (averagedMs - averageMs) / askedIntervalMs
      averageMs = averagedMs
    }
    return {
      observe: (cpuMs) => {
        const believed = observed ? Math.min(cpuMs, Math.max(averageMs, NEGLIGIBLE_MS) * OUTLIER) : cpuMs
        add(averageMs + (believed - averageMs) * (observed ? WEIGHT : 1))
        observed = true
      },
      intervalMs: () => {
        const stretchedMs = askedIntervalMs * Math.max(1, this.#demand / this.#share)
        return Math.max(askedIntervalMs, Math.min(stretchedMs, this.#ceilingMs))
      },
      release: () => add(0),
    }
  }
}

export interface BudgetedWork {
  /** Records what doing it once has cost, in CPU time. */
  observe(cpuMs: number): void
  /** The interval that this work may run at: as asked, or longer, up to the ceiling. */
  intervalMs(): number
  /** Gives its share back: the work is no longer done. */
  release(): void
}
