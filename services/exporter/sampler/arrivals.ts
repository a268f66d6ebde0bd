import { PassiveOpens } from '#kernel/passive-opens.ts'

/** How many connections have come to the listeners of a namespace since they were last dumped. */
export class Arrivals {
  readonly #opens = new PassiveOpens()
  #seen = Number.NaN
  #atDump = Number.NaN

  /** Infinite where the kernel does not say. Look before the dump: who comes in between is then in the dump, and counted again. */
  sinceDump(): number {
    this.#seen = this.#opens.read() ?? Number.NaN
    const come = this.#seen - this.#atDump
    return come >= 0 ? come : Number.POSITIVE_INFINITY
  }

  /** Takes that they are dumped now, after the last look. */
  dump(): void {
    this.#atDump = this.#seen
  }

  close(): void {
    this.#opens.close()
  }
}
