/**
 * What a chart draws, column by column as uPlot wants it. Points come at one end and go at the other: what was there is
 * kept, since making thousands of numbers anew for every drawing costs more than the drawing. Pure.
 */
import type { Curve } from './kinds.ts'
import type { Point } from './series.ts'

export type Columns = [times: number[], ...values: (number | null)[][]]

export class ColumnKeeper {
  readonly #curves: readonly Curve[]
  #points: readonly Point[] = []
  #columns: Columns

  constructor(curves: readonly Curve[]) {
    this.#curves = curves
    this.#columns = [[], ...curves.map(() => [])]
  }

  /** The columns of these points, valid until the next call. */
  of(points: readonly Point[]): Columns {
    const gone = points[0] === undefined ? -1 : this.#points.indexOf(points[0])
    const kept = this.#points.length - gone
    const follows = gone >= 0 && kept <= points.length && points[kept - 1] === this.#points.at(-1)
    if (!follows) this.#columns = [[], ...this.#curves.map(() => [])]
    else if (gone > 0) for (const column of this.#columns) column.splice(0, gone)
    const [times, ...values] = this.#columns
    for (const point of follows ? points.slice(kept) : points) {
      times.push(point.timeMs / 1000)
      for (const [index, { of }] of this.#curves.entries()) values[index]?.push(of(point))
    }
    this.#points = points
    return this.#columns
  }
}
