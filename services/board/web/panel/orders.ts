/** Sends orders to the server, and reports the result of each. */
import type { SwitchOrder } from '#live/orders.ts'

export interface Outcome {
  done: boolean
  words: string
}

export class Orders {
  readonly #token: string
  readonly #tell: (outcome: Outcome) => void

  constructor(token: string, tell: (outcome: Outcome) => void) {
    this.#token = token
    this.#tell = tell
  }

  /** Never throws: a failure is reported like any result. */
  async send(...orders: SwitchOrder[]): Promise<void> {
    const outcomes = await Promise.all(orders.map((order) => this.#sendOne(order)))
    const failed = outcomes.find(({ done }) => !done)
    this.#tell(failed ?? { done: true, words: [...new Set(outcomes.map(({ words }) => words))].join('. ') })
  }

  async #sendOne(order: SwitchOrder): Promise<Outcome> {
    try {
      const answer = await fetch('/switches', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-spillway-token': this.#token },
        body: JSON.stringify(order),
      })
      const { done, error, remedy }: { done?: string; error?: string; remedy?: string } = await answer.json()
      if (answer.ok) return { done: true, words: done ?? '' }
      const problem = error ?? answer.statusText
      return { done: false, words: remedy === undefined ? problem : `${problem}. ${remedy}` }
    } catch {
      return { done: false, words: 'The board does not answer: is it still running?' }
    }
  }
}
