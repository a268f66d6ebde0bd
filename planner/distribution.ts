import { quantile } from '#common/quantile.ts'

/** Some numbers, in order. */
export class Distribution {
  readonly #sorted: Float64Array
  readonly mean: number

  /** NaN is left out: a moment that never came. */
  constructor(values: Iterable<number> | Float64Array) {
    this.#sorted = Float64Array.from(values)
      .filter((value) => !Number.isNaN(value))
      .sort()
    this.mean = this.#sorted.reduce((sum, value) => sum + value, 0) / this.#sorted.length
  }

  get count(): number {
    return this.#sorted.length
  }

  get max(): number {
    return this.#sorted.at(-1) ?? Number.NaN
  }

  /** The value that a share `q` does not exceed (nearest rank); NaN if there is none at all. */
  quantile(q: number): number {
    return quantile(this.#sorted, q)
  }

  /** The share of values above a bound. */
  above(bound: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sorted[middle]! > bound) high = middle
      else low = middle + 1
    }
    return (this.count - low) / this.count
  }
}
