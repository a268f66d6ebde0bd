/** One source, several readers: each gets every item that comes while it waits, and only the last of those that came while it was busy. */
export class Latest<Item> {
  #item: Item | undefined
  #count = 0
  #over = false
  #error: unknown
  #next = Promise.withResolvers<void>()

  /** Reads the source at once, and for as long as it gives something. */
  constructor(source: AsyncIterable<Item>) {
    void this.#pump(source)
  }

  async #pump(source: AsyncIterable<Item>): Promise<void> {
    try {
      for await (const item of source) {
        this.#item = item
        this.#count++
        this.#wake()
      }
    } catch (error) {
      this.#error = error
    }
    this.#over = true
    this.#wake()
  }

  #wake(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }

  /** Begins with the next item. Ends with the source, and throws what it threw. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    let seen = this.#count
    for (;;) {
      while (this.#count === seen && !this.#over) await this.#next.promise
      if (this.#count === seen) break
      seen = this.#count
      yield this.#item as Item
    }
    if (this.#error !== undefined) throw this.#error
  }
}
