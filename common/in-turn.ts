/** Does one thing after the other: each begins from what the one before has left. */
export class InTurn {
  readonly #patienceMs: number
  #last: Promise<unknown> = Promise.resolve()

  /** Work that has not ended after `patienceMs` continues, but no longer keeps the others waiting. Default: no limit. */
  constructor(patienceMs = Number.POSITIVE_INFINITY) {
    this.#patienceMs = patienceMs
  }

  /** Does `work` once all earlier work is over, and gives its result. A failure reaches only the caller that gave the work. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work)
    this.#last = this.#overOrLate(turn)
    return turn
  }

  /** Resolves when all that was given so far is over. */
  get over(): Promise<void> {
    return this.#last.then(() => {})
  }

  #overOrLate(turn: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = Number.isFinite(this.#patienceMs) ? setTimeout(resolve, this.#patienceMs) : undefined
    timer?.unref()
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    turn.then(end, end)
    return promise
  }
}
