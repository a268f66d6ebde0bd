/** The window slides in steps of one sixtieth, so that its contents are at most that much older than the window. */
const STEPS = 60

/**
 * Keeps one number for each step of the window. Times may be of any clock that does not run backwards. Made once and
 * written in place: nothing is allocated while it slides.
 */
abstract class SlidingWindow {
  readonly #stepMs: number
  readonly #values = new Float64Array(STEPS + 1)
  #step = Number.NEGATIVE_INFINITY

  constructor(windowMs: number) {
    this.#stepMs = windowMs / STEPS
  }

  protected get values(): Float64Array {
    return this.#values
  }

  /** Drops the steps that have left the window, and gives the index of the current one. */
  protected slide(nowMs: number): number {
    const step = Math.floor(nowMs / this.#stepMs)
    if (step - this.#step >= this.#values.length) this.#values.fill(0)
    else for (let passed = this.#step + 1; passed <= step; passed++) this.#values[passed % this.#values.length] = 0
    if (step > this.#step) this.#step = step
    return this.#step % this.#values.length
  }
}

/** The highest value within the window. */
export class PeakWindow extends SlidingWindow {
  raise(nowMs: number, value: number): void {
    const at = this.slide(nowMs)
    if (value > this.values[at]!) this.values[at] = value
  }

  max(nowMs: number): number {
    this.slide(nowMs)
    let highest = 0
    for (const value of this.values) if (value > highest) highest = value
    return highest
  }
}

/** The sum of what was added within the window. */
export class SumWindow extends SlidingWindow {
  add(nowMs: number, value: number): void {
    const at = this.slide(nowMs)
    this.values[at]! += value
  }

  sum(nowMs: number): number {
    this.slide(nowMs)
    let sum = 0
    for (const value of this.values) sum += value
    return sum
  }
}
