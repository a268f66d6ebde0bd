/** Does one thing after the other: each begins from what the one before has left. */
export class InTurn {
  readonly #patienceMs: number
  #last: Promise<unknown> = Promise.resolve()

  /** What has not ended after `patienceMs` goes on, and no longer keeps the others waiting. Default: it does for ever. */
  constructor(patienceMs = Number.POSITIVE_INFINITY) {
    this.#patienceMs = patienceMs
  }

  /** Does `work` once all that was given before is over, and gives what it gives. A failure is its giver's alone. */
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
