/** Long work of the main thread, done a little at a time. */

/** How long the thread is kept from everything else: at once when the work begins, and in each slice after that. */
const FIRST_SLICE_MS = 10
const SLICE_MS = 5

export interface SliceNeeds {
  /** Milliseconds that never step. */
  clock(): number
  /** Milliseconds that this thread has spent on a CPU. */
  cpuClock(): number
  /** Calls back after at least so long. */
  later(work: () => void, afterMs: number): void
}

export const sliceNeeds: SliceNeeds = {
  clock: () => performance.now(),
  cpuClock() {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  },
  later: (work, afterMs) => void setTimeout(work, afterMs),
}

/** What came of the work: its result, or what it threw. And what it has cost, in CPU time. */
export type Outcome<Result> = { cpuMs: number } & ({ result: Result } | { error: unknown })

/**
 * Work of small steps. The first slice is done at once, so that what is short is over when the constructor returns. Between
 * slices it rests so that it takes no more than its share of a core.
 */
export class SlicedWork<Result> {
  readonly #steps: Generator<void, Result>
  readonly #share: number
  readonly #needs: SliceNeeds
  readonly #onEnd: (outcome: Outcome<Result>) => void
  #cpuMs = 0
  #over = false

  constructor(
    steps: Generator<void, Result>,
    share: number,
    onEnd: (outcome: Outcome<Result>) => void,
    needs: SliceNeeds = sliceNeeds,
  ) {
    this.#steps = steps
    this.#share = share
    this.#onEnd = onEnd
    this.#needs = needs
    this.#slice(FIRST_SLICE_MS)
  }

  get over(): boolean {
    return this.#over
  }

  /** Gives the work up: nothing of it is told. */
  abandon(): void {
    if (this.#over) return
    this.#over = true
    try {
      this.#steps.throw(new Error('abandoned')) // lets go of what it has open
    } catch {}
  }

  #slice(forMs: number): void {
    if (this.#over) return
    const { clock, cpuClock, later } = this.#needs
    const startCpuMs = cpuClock()
    const ended = this.#stepUntil(clock() + forMs)
    this.#cpuMs += cpuClock() - startCpuMs
    if (ended !== undefined) this.#end({ cpuMs: this.#cpuMs, ...ended })
    else later(() => this.#slice(SLICE_MS), SLICE_MS / this.#share - SLICE_MS)
  }

  /** Does at least one step. What came of the work, if that was the last. */
  #stepUntil(untilMs: number): { result: Result } | { error: unknown } | undefined {
    try {
      do {
        const step = this.#steps.next()
        if (step.done === true) return { result: step.value }
      } while (this.#needs.clock() < untilMs)
      return undefined
    } catch (error) {
      return { error }
    }
  }

  #end(outcome: Outcome<Result>): void {
    this.#over = true
    this.#onEnd(outcome)
  }
}
