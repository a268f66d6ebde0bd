/** A queue of numbers, first in, first out, in a ring that grows when it is full. */
export class Fifo {
  #ring = new Int32Array(64)
  #first = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#ring.length) this.#grow()
    this.#ring[(this.#first + this.#length++) & (this.#ring.length - 1)] = value
  }

  /** Takes the oldest out. Only while there is one. */
  shift(): number {
    const value = this.#ring[this.#first]!
    this.#first = (this.#first + 1) & (this.#ring.length - 1)
    this.#length--
    return value
  }

  #grow(): void {
    const ring = new Int32Array(this.#ring.length * 2)
    for (let i = 0; i < this.#length; i++) ring[i] = this.#ring[(this.#first + i) & (this.#ring.length - 1)]!
    this.#ring = ring
    this.#first = 0
  }
}
