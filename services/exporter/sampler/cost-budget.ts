/** The weight of a new cost in the average: the last ten or so decide. */
const WEIGHT = 0.2
/** The median of so many first costs is believed: the first of all runs code that is not compiled yet, which takes many times as long. */
const FIRST = 5
/** A cost so many times as high as usual may be an accident, such as cold caches, and does not count for more than this. */
const OUTLIER = 4
/** An accident is rare: no other has been met in so many costs. */
const RARE = 20
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
    const first: number[] = []
    let averageMs = 0
    let beforeMs = 0
    let sinceOutlier = RARE
    const add = (averagedMs: number): void => {
      this.#demand += (averagedMs - averageMs) / askedIntervalMs
      averageMs = averagedMs
    }
    const learn = (cpuMs: number): number => {
      if (first.length < FIRST) {
        first.push(cpuMs)
        first.sort((a, b) => a - b)
        return first[(first.length - 1) >> 1] ?? cpuMs
      }
      const highMs = Math.max(averageMs, NEGLIGIBLE_MS) * OUTLIER
      if (cpuMs <= highMs) sinceOutlier++
      else {
        const [before, since] = [beforeMs, sinceOutlier]
        sinceOutlier = 0
        // Twice in a row it has really grown.
        if (since === 0) return Math.min(cpuMs, before)
        if (since >= RARE) return averageMs + (highMs - averageMs) * WEIGHT
      }
      return averageMs + (cpuMs - averageMs) * WEIGHT
    }
    return {
      observe: (cpuMs) => {
        add(learn(cpuMs))
        beforeMs = cpuMs
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
