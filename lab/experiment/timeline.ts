/** A recording's phases, and what its columns and counts give in each of them. */
import type { Series, Tally } from '#experiments/vocabulary/readings.ts'
import type { Boundary, Recording } from './recording.ts'

export class Timeline {
  readonly #phases: Recording['phases']
  readonly #boundaries: readonly Boundary[]

  constructor({ phases, boundaries }: Pick<Recording, 'phases' | 'boundaries'>) {
    this.#phases = phases
    this.#boundaries = boundaries
  }

  /** The place of a phase, from 0. Throws a RangeError where there is none of that name. */
  place(phase: string): number {
    const found = this.#phases.findIndex(({ name }) => name === phase)
    if (found < 0) throw new RangeError(`There is no phase '${phase}'`)
    return found
  }

  durationMs(phase: string): number {
    const { beganMs, endedMs } = this.#phases[this.place(phase)]!
    return endedMs - beganMs
  }

  /** Something that grows, at each boundary. */
  tally(read: (boundary: Boundary) => number): Tally<string> {
    const between = (first: number, last: number): number => {
      const [before, after] = [this.#boundaries[first], this.#boundaries[last]]
      return before === undefined || after === undefined ? Number.NaN : read(after) - read(before)
    }
    const last = this.#boundaries.length - 1
    return {
      get total() {
        return between(0, last)
      },
      during: (phase) => between(this.place(phase), this.place(phase) + 1),
    }
  }

  /** Something that was sampled. */
  series(atMs: readonly number[], values: readonly number[]): Series<string> {
    return {
      max: largest(values),
      min: smallest(values),
      last: values.at(-1) ?? Number.NaN,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      during: (phase) => {
        const place = this.place(phase)
        const [from, to] = [this.#boundaries[place]?.atMs, this.#boundaries[place + 1]?.atMs]
        if (from === undefined || to === undefined) return this.series([], [])
        // The reading that a boundary asks for belongs to both sides: it is the first that begins then. One that begins
        // later still may, on a busy machine, see what has happened after the boundary.
        const before = atMs.filter((ms) => ms < from).length
        const end = atMs.filter((ms) => ms < to).length + 1
        return this.series(atMs.slice(before, end), values.slice(before, end))
      },
    }
  }
}

const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most), Number.NaN)
const smallest = (values: readonly number[]): number =>
  values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least), Number.NaN)
