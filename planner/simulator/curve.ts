/** The highest length of a queue in each of many equal pieces of time: what a sampler would draw. */
export class Curve {
  readonly everyMs: number
  readonly #peaks: number[] = []
  #length = 0

  constructor(everyMs: number) {
    this.everyMs = everyMs
  }

  /** The length changed. Times never decrease. */
  record(atMs: number, length: number): void {
    const piece = Math.floor(atMs / this.everyMs)
    while (this.#peaks.length <= piece) this.#peaks.push(this.#length)
    if (length > this.#peaks[piece]!) this.#peaks[piece] = length
    this.#length = length
  }

  get peaks(): readonly number[] {
    return this.#peaks
  }
}
