/** The window slides in steps of one sixtieth, so that its contents are at most that much older than the window. */
const STEPS = 60

/**
 * Keeps one number for each step of the window. Times may be of any clock that does not run backwards. Made once and
 * written in place: nothing is allocated while it slides.
 */
abstract class SlidingWindow {
  readonly #stepMs: number
  /** Made with the first value: most windows on a host with thousands of listeners never hold one. */
  #values: Float64Array | undefined
  #step = Number.NEGATIVE_INFINITY

  constructor(windowMs: number) {
    this.#stepMs = windowMs / STEPS
  }

  /** The values within the window, none before the first. */
  protected within(nowMs: number): Float64Array | undefined {
    if (this.#values !== undefined) this.#slide(nowMs, this.#values)
    return this.#values
  }

  /** The values, and the index of the current step. */
  protected current(nowMs: number): { values: Float64Array; at: number } {
    this.#values ??= new Float64Array(STEPS + 1)
    return { values: this.#values, at: this.#slide(nowMs, this.#values) }
  }

  /** Forgets all that it holds. */
  clear(): void {
    this.#values?.fill(0)
  }

  /** Drops the steps that have left the window, and gives the index of the current one. */
  #slide(nowMs: number, values: Float64Array): number {
    const step = Math.floor(nowMs / this.#stepMs)
    if (step - this.#step >= values.length) values.fill(0)
    else for (let passed = this.#step + 1; passed <= step; passed++) values[passed % values.length] = 0
    if (step > this.#step) this.#step = step
    return this.#step % values.length
  }
}

/** The highest value within the window. */
export class PeakWindow extends SlidingWindow {
  raise(nowMs: number, value: number): void {
    const { values, at } = this.current(nowMs)
    if (value > values[at]!) values[at] = value
  }

  max(nowMs: number): number {
    let highest = 0
    for (const value of this.within(nowMs) ?? []) if (value > highest) highest = value
    return highest
  }
}

/** The sum of what was added within the window. */
export class SumWindow extends SlidingWindow {
  add(nowMs: number, value: number): void {
    const { values, at } = this.current(nowMs)
    values[at]! += value
  }

  sum(nowMs: number): number {
    let sum = 0
    for (const value of this.within(nowMs) ?? []) sum += value
    return sum
  }
}
