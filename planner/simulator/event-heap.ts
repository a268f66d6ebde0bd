/**
 * Events in the order of their times; of equal times in the order in which they were added, so that a run depends on its
 * input alone. A four-ary heap in typed arrays: shallow, and its children lie in one cache line.
 */
export class EventHeap {
  #times: Float64Array
  #orders: Float64Array
  #events: Int32Array
  #size = 0
  #added = 0

  constructor(capacity = 1024) {
    this.#times = new Float64Array(capacity)
    this.#orders = new Float64Array(capacity)
    this.#events = new Int32Array(capacity)
  }

  get size(): number {
    return this.#size
  }

  /** The time of the next event; infinite if there is none. */
  get nextMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  push(timeMs: number, event: number): void {
    if (this.#size === this.#times.length) this.#grow()
    const times = this.#times
    const orders = this.#orders
    const events = this.#events
    // What is added now comes after everything of the same time, so times alone decide on the way up.
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 2
      if (times[parent]! <= timeMs) break
      times[at] = times[parent]!
      orders[at] = orders[parent]!
      events[at] = events[parent]!
      at = parent
    }
    times[at] = timeMs
    orders[at] = this.#added++
    events[at] = event
  }

  /** Takes the next event out. Only while there is one. */
  pop(): number {
    const times = this.#times
    const orders = this.#orders
    const events = this.#events
    const first = events[0]!
    const size = --this.#size
    const time = times[size]!
    const order = orders[size]!
    const event = events[size]!
    let at = 0
    for (;;) {
      const child = 4 * at + 1
      if (child >= size) break
      let least = child
      const end = Math.min(child + 4, size)
      for (let other = child + 1; other < end; other++)
        if (times[other]! < times[least]! || (times[other]! === times[least]! && orders[other]! < orders[least]!))
          least = other
      if (times[least]! > time || (times[least]! === time && orders[least]! > order)) break
      times[at] = times[least]!
      orders[at] = orders[least]!
      events[at] = events[least]!
      at = least
    }
    times[at] = time
    orders[at] = order
    events[at] = event
    return first
  }

  #grow(): void {
    const capacity = this.#times.length * 2
    this.#times = grown(new Float64Array(capacity), this.#times)
    this.#orders = grown(new Float64Array(capacity), this.#orders)
    this.#events = grown(new Int32Array(capacity), this.#events)
  }
}

function grown<Values extends Float64Array | Int32Array>(into: Values, from: Values): Values {
  into.set(from)
  return into
}
