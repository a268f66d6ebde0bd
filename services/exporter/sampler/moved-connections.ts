import { DUMPS_UNTIL_GONE } from './listener-dump.ts'

/**
 * How many waiting connections the kernel has moved from a closing listener to another (TCPMigrateReqSuccess), since
 * before the listeners closed that are found gone now. Each is placed once.
 */
export class MovedConnections {
  /** The counter as it was known at the last samples of the listeners, oldest first. */
  readonly #known: number[] = []
  /** Up to this value of the counter every connection has its place. */
  #placed = 0

  /** At each sample of the listeners: the counter as it was read last. */
  know(counter: number): void {
    this.#known.push(counter)
    // A listener that is found gone now was still there one dump earlier.
    if (this.#known.length > DUMPS_UNTIL_GONE + 2) this.#known.shift()
  }

  /** Those not yet placed, by what the counter says now. */
  since(counter: number): number {
    this.#placed = Math.max(this.#placed, this.#known[0] ?? counter)
    return Math.max(0, counter - this.#placed)
  }

  /** So many of them have their place. */
  place(count: number): void {
    this.#placed += count
  }
}
