import { describeError } from '#common/errors.ts'
import type { AskLine, Line } from '#live/line.ts'

/** From one question to the next. */
const EVERY_MS = 250

/** Asks who waits in the queue that is looked at, and only while it is. */
export class LineWatch {
  readonly #ask: AskLine
  readonly #onAnswer: () => void
  #of: string | undefined
  #line: Line | undefined
  #dueMs = 0
  #asking = false

  constructor(ask: AskLine, onAnswer: () => void) {
    this.#ask = ask
    this.#onAnswer = onAnswer
  }

  /** What was answered last of the listener of this cookie; undefined before. While it is `frozen` nothing is asked. */
  of(cookie: string | undefined, frozen = false): Line | undefined {
    if (cookie !== this.#of) {
      this.#of = cookie
      this.#line = undefined
      this.#dueMs = 0
    }
    if (cookie !== undefined && !frozen && !this.#asking && performance.now() >= this.#dueMs) void this.#askFor(cookie)
    return this.#line
  }

  async #askFor(cookie: string): Promise<void> {
    this.#asking = true
    const line = await this.#ask(cookie).catch((error: unknown) => ({ why: describeError(error) }))
    this.#asking = false
    this.#dueMs = performance.now() + EVERY_MS
    if (cookie !== this.#of) return
    this.#line = line
    this.#onAnswer()
  }
}
