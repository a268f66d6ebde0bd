/** One chart: title, readout and plot. */
import uPlot from '/uplot.js'
import { html, set } from '../page/dom.ts'
import { drawPredictions, reachingPredictions } from '../workshop/predicted.ts'
import { ColumnKeeper } from './columns.ts'
import { type Gestures, listeningTo } from './gestures.ts'
import type { Curve, Kind } from './kinds.ts'
import { drawMarks } from './mark-lines.ts'
import type { Mark } from './marks.ts'
import { HEIGHT, lookOf } from './plot.ts'
import { Readout } from './readout.ts'
import type { Point } from './series.ts'
import type { Range } from './time-shown.ts'

export interface ChartOptions {
  kind: Kind
  /** Whether marks are named above it: in one chart of all is enough. */
  labels: boolean
  marks(): readonly Mark[]
  gestures: Gestures
}

export class Chart {
  readonly element: HTMLElement
  readonly #options: ChartOptions
  readonly #host = html('div', { class: 'chart-host' })
  readonly #readout: Readout
  #plot: uPlot | undefined
  #curves: Curve[] = []
  #columns = new ColumnKeeper([])
  #points: Point[] = []
  #at: number | undefined
  #pointed: number | undefined

  constructor(options: ChartOptions) {
    this.#options = options
    const { title, term, show } = options.kind
    this.#readout = new Readout(show)
    this.element = html(
      'figure',
      { class: 'chart' },
      html('figcaption', {}, html('span', { class: 'chart-title', 'data-term': term }, title)),
      this.#readout.element,
      this.#host,
    )
    new ResizeObserver(() => {
      const width = this.#host.clientWidth
      if (this.#plot !== undefined && width > 0 && width !== this.#plot.width)
        this.#plot.setSize({ width, height: HEIGHT })
    }).observe(this.#host)
  }

  /** Makes the plot, or makes it anew: other shards, or other colours. */
  build(shards: number): void {
    this.#plot?.destroy()
    const { kind, labels, marks, gestures } = this.#options
    const { term, range } = kind
    this.#curves = kind.curves(shards)
    this.#columns = new ColumnKeeper(this.#curves)
    const { cursor, hooks } = listeningTo(gestures)
    this.#plot = new uPlot(
      {
        ...lookOf({ ...kind, range: reachingPredictions(term, range) }, this.#curves, labels),
        width: Math.max(200, this.#host.clientWidth),
        ...(cursor === undefined ? {} : { cursor }),
        hooks: {
          ...hooks,
          draw: [(plot) => drawMarks(plot, marks(), labels), (plot) => drawPredictions(plot, term)],
        },
      },
      [[], ...this.#curves.map(() => [])],
      this.#host,
    )
    set(this.#plot.root, 'aria-hidden', 'true')
  }

  draw(points: Point[], { min, max }: Range): void {
    this.#points = points
    const plot = this.#plot
    if (plot === undefined) return
    plot.batch(() => {
      plot.setData(this.#columns.of(points), false)
      plot.setScale('x', { min, max })
    })
    // A plot places its axes after this, and its cursor with them.
    if (this.#pointed !== undefined) requestAnimationFrame(() => this.#placeCursor())
    this.readOut(this.#at)
  }

  /** Puts the cursor at a moment, where it stays also when the chart is built anew, and reads it out. Undefined lets go of it. */
  pointAt(at: number | undefined): void {
    this.#pointed = at
    this.#placeCursor()
    this.readOut(at)
  }

  /** Reads out where the pointer is; when it has left, the moment at which the cursor was put, or the last values. */
  pointerAt(at: number | undefined): void {
    this.readOut(at ?? this.#pointed)
    // The plot hides its cursor when the pointer has left.
    if (at === undefined && this.#pointed !== undefined) requestAnimationFrame(() => this.#placeCursor())
  }

  #placeCursor(): void {
    const plot = this.#plot
    if (this.#pointed !== undefined) plot?.setCursor({ left: plot.valToPos(this.#pointed, 'x'), top: 0 }, false)
  }

  /** Between two drawings: only the values are new. */
  readLast(points: Point[]): void {
    this.#points = points
    this.readOut(this.#at)
  }

  /** The values at a moment, or the last ones. */
  readOut(at: number | undefined): void {
    this.#at = at
    const points = this.#points
    const index = at === undefined ? points.length - 1 : points.findLastIndex(({ timeMs }) => timeMs / 1000 <= at)
    const point = points[index]
    if (point !== undefined) this.#readout.draw(this.#curves, point)
  }
}
