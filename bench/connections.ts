import { Held } from './held.ts'

/** Each takes two descriptors, and a process may often open no more than 20,000 files. */
const MOST_PER_PROCESS = 7000

/** Open connections on this namespace's loopback, held by child processes. */
export class Connections implements AsyncDisposable {
  readonly #holders = new AsyncDisposableStack()
  #count = 0

  /** Opens more until there are this many. */
  async grow(count: number): Promise<void> {
    while (this.#count < count) {
      const more = Math.min(MOST_PER_PROCESS, count - this.#count)
      this.#holders.use(await Held.script('./holder.ts', String(more)))
      this.#count += more
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holders.disposeAsync()
  }
}
