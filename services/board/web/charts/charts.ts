/** Time series under the picture: five charts with one cursor, the last minutes, marks for what was done. */
import { duration, percent, whole } from '#common/quantities.ts'
import uPlot from '/uplot.js'
import { html, say, set } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'
import type { Mark } from './marks.ts'
import type { History, Point } from './series.ts'

interface Curve {
  /** Number of the shard's colour, or the name of another. */
  colour: number | 'ink' | 'odd'
  dashed?: boolean
  name: string
  of(point: Point): number | null
}

interface Kind {
  title: string
  term: TermName
  curves(shards: number): Curve[]
  show(value: number): string
  /** Bounds of the value axis, given the highest value seen. */
  range(highest: number): [number, number]
  logarithmic?: boolean
}

const byShard =
  (list: (point: Point) => (number | null)[]) =>
  (shards: number): Curve[] =>
    Array.from({ length: shards }, (_, index) => ({
      colour: index,
      name: String(index + 1),
      of: (point: Point) => list(point)[index] ?? null,
    }))

/** Room above, and never so little that noise fills the chart. */
const upTo =
  (least: number) =>
  (highest: number): [number, number] => [0, Math.max(least, highest * 1.08)]

/** On a logarithmic axis nothing is below a millisecond. */
const visible = (value: number | null): number | null => (value === null ? null : Math.max(1, value))

const kinds: Kind[] = [
  {
    title: 'Fill of the accept queues',
    term: 'acceptQueue',
    curves: byShard((point) => point.fill),
    show: percent,
    range: upTo(1.05),
  },
  {
    title: 'Drops a second',
    term: 'drop',
    curves: byShard((point) => point.drops),
    show: (value) => `${whole(value)}/s`,
    range: upTo(10),
  },
  {
    title: 'Accept wait, 99th percentile',
    term: 'acceptWait',
    curves: (shards) => [
      ...byShard((point) => point.waits.map(visible))(shards),
      { colour: 'ink', dashed: true, name: 'oldest in line', of: (point) => visible(point.oldestWaitMs) },
    ],
    show: duration,
    range: (highest) => [1, Math.max(100, highest * 1.5)],
    logarithmic: true,
  },
  {
    title: 'SYN queue',
    term: 'synQueue',
    curves: () => [
      { colour: 0, name: 'half open', of: (point) => point.halfOpen },
      { colour: 'odd', dashed: true, name: 'limit', of: (point) => point.halfOpenLimit },
    ],
    show: whole,
    range: upTo(10),
  },
  {
    title: 'Accepts and arrivals a second',
    term: 'rate',
    curves: (shards) => [
      ...byShard((point) => point.accepts)(shards),
      { colour: 'ink', dashed: true, name: 'arrivals', of: (point) => point.arrivals },
    ],
    show: (value) => `${whole(value)}/s`,
    range: upTo(10),
  },
]

const HEIGHT = 128
const SPANS: [label: string, ms: number][] = [
  ['30 s', 30_000],
  ['1 min', 60_000],
  ['5 min', 300_000],
]
/** Beyond so many shards a readout of each would be read by nobody. */
const READ_OUT = 5

export class Charts {
  readonly #history: History
  readonly #charts: Chart[]
  readonly #pause: HTMLButtonElement
  readonly #spans: HTMLButtonElement[]
  #spanMs = 60_000
  /** What is shown while it stands still; undefined while it goes along. */
  #frozen: { min: number; max: number } | undefined
  /** The last moment that had been seen then. */
  #frozenMs = 0
  #turn = 0
  #shards = 0

  constructor(root: HTMLElement, history: History) {
    this.#history = history
    this.#pause = html('button', { type: 'button', class: 'small', 'aria-pressed': 'false' }, 'Pause')
    this.#pause.addEventListener('click', () => this.#freeze(this.#frozen === undefined ? this.#span() : undefined))
    this.#spans = SPANS.map(([label, ms]) => {
      const button = html(
        'button',
        { type: 'button', class: 'small', 'aria-pressed': String(ms === this.#spanMs) },
        label,
      )
      button.addEventListener('click', () => this.#setSpan(ms))
      return button
    })
    const grid = html('div', { class: 'chart-grid' })
    root.replaceChildren(
      html(
        'div',
        { class: 'chart-tools' },
        html('h2', {}, 'The last minutes'),
        html('div', { class: 'buttons', role: 'group', 'aria-label': 'Time shown' }, ...this.#spans),
        this.#pause,
        html('span', { class: 'hint' }, 'drag in a chart to zoom, double-click to go back'),
      ),
      grid,
    )
    this.#charts = kinds.map(
      (kind, index) =>
        new Chart(grid, kind, index === 0, () => this.#history.marks, {
          zoom: (min, max) => this.#freeze({ min, max }),
          reset: () => this.#freeze(undefined),
          cursor: (at) => {
            for (const chart of this.#charts) chart.readOut(at)
          },
        }),
    )
  }

  /** Draws one chart in turn: all five at each of ten states a second would cost five times as much for nothing. */
  draw(shards: number): void {
    if (shards !== this.#shards) {
      this.#shards = shards
      for (const chart of this.#charts) chart.build(shards)
    }
    // In five minutes on 300 pixels a second is a pixel: drawing it more often shows nothing more.
    const stride = this.#spanMs >= 300_000 ? 2 : 1
    const turn = this.#turn++
    if (turn % stride === 0) this.#drawOne((turn / stride) % this.#charts.length)
  }

  /** All at once: sizes or colours have changed, or what is shown stands still and is another. */
  redraw(rebuild = false): void {
    for (const [index, chart] of this.#charts.entries()) {
      if (rebuild) chart.build(this.#shards)
      this.#drawOne(index)
    }
  }

  #drawOne(index: number): void {
    const { min, max } = this.#frozen ?? this.#span()
    const points = this.#history.points
    const from = Math.max(
      0,
      points.findLastIndex(({ timeMs }) => timeMs / 1000 < min),
    )
    let to = points.length
    while (to > from && this.#isBeyond(points[to - 1]!, max)) to--
    this.#charts[index]?.draw(points.slice(from, to), min, max)
  }

  /** A line goes on to the edge of what is shown; but what came after it was stopped is not shown. */
  #isBeyond({ timeMs }: Point, max: number): boolean {
    return timeMs / 1000 > max + 0.2 || (this.#frozen !== undefined && timeMs > this.#frozenMs)
  }

  #span(): { min: number; max: number } {
    const max = (this.#history.points.at(-1)?.timeMs ?? Date.now()) / 1000
    return { min: max - this.#spanMs / 1000, max }
  }

  #setSpan(ms: number): void {
    this.#spanMs = ms
    for (const [index, button] of this.#spans.entries()) set(button, 'aria-pressed', String(SPANS[index]?.[1] === ms))
    if (this.#frozen !== undefined) this.#frozen = { min: this.#frozen.max - ms / 1000, max: this.#frozen.max }
    this.redraw()
  }

  #freeze(range: { min: number; max: number } | undefined): void {
    this.#frozen = range
    this.#frozenMs = this.#history.points.at(-1)?.timeMs ?? 0
    say(this.#pause, range === undefined ? 'Pause' : 'Go on')
    set(this.#pause, 'aria-pressed', String(range !== undefined))
    this.redraw()
  }
}

interface ChartEvents {
  zoom(min: number, max: number): void
  reset(): void
  /** Seconds since the epoch; undefined when it has left. */
  cursor(at: number | undefined): void
}

class Chart {
  readonly #kind: Kind
  readonly #host = html('div', { class: 'chart-host' })
  readonly #readout = html('p', { class: 'readout' })
  readonly #labels: boolean
  readonly #marks: () => readonly Mark[]
  readonly #events: ChartEvents
  #plot: uPlot | undefined
  #curves: Curve[] = []
  #points: Point[] = []
  #at: number | undefined

  constructor(root: HTMLElement, kind: Kind, labels: boolean, marks: () => readonly Mark[], events: ChartEvents) {
    this.#kind = kind
    this.#labels = labels
    this.#marks = marks
    this.#events = events
    root.append(
      html(
        'figure',
        { class: 'chart' },
        html('figcaption', {}, html('span', { class: 'chart-title', 'data-term': kind.term }, kind.title)),
        this.#readout,
        this.#host,
      ),
    )
    new ResizeObserver(() => {
      const width = this.#host.clientWidth
      if (this.#plot !== undefined && width > 0 && width !== this.#plot.width)
        this.#plot.setSize({ width, height: HEIGHT })
    }).observe(this.#host)
  }

  build(shards: number): void {
    this.#plot?.destroy()
    this.#curves = this.#kind.curves(shards)
    const ink = used('--soft')
    const lines = used('--line')
    const { show, range, logarithmic = false } = this.#kind
    const axis = { stroke: ink, grid: { stroke: lines, width: 1 }, ticks: { show: false }, font: '11px system-ui' }
    this.#plot = new uPlot(
      {
        width: Math.max(200, this.#host.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        padding: [this.#labels ? 20 : 8, 8, 0, 0],
        cursor: {
          sync: { key: 'spillway', setSeries: false },
          drag: { x: true, y: false, setScale: false },
          points: { show: false },
          y: false,
          bind: {
            dblclick: () => () => {
              this.#events.reset()
              return null
            },
          },
        },
        scales: {
          x: { time: true, auto: false },
          y: {
            ...(logarithmic ? { distr: 3 as const } : {}),
            range: (_plot, _low, high) => range(Number.isFinite(high) ? high : 0),
          },
        },
        axes: [
          { ...axis, size: 22, gap: 3, space: 76, values: (_plot, values) => values.map(clockTime) },
          {
            ...axis,
            ...(logarithmic ? { filter: decades, grid: { ...axis.grid, filter: decades } } : {}),
            size: 54,
            gap: 4,
            space: 26,
            values: (_plot, values) => values.map((value) => (value === null ? '' : show(value))),
          },
        ],
        series: [
          {},
          ...this.#curves.map(({ colour, dashed = false }) => ({
            stroke:
              typeof colour === 'number'
                ? used(`--series-${(colour % 8) + 1}`)
                : used(colour === 'ink' ? '--ink' : '--odd'),
            width: 1.6,
            points: { show: false },
            ...(dashed || (typeof colour === 'number' && colour >= 8) ? { dash: [5, 4] } : {}),
          })),
        ],
        hooks: {
          draw: [(plot) => this.#drawMarks(plot)],
          setCursor: [
            (plot) => {
              const { left = -1 } = plot.cursor
              this.#events.cursor(left < 0 ? undefined : plot.posToVal(left, 'x'))
            },
          ],
          setSelect: [
            (plot) => {
              const { left, width } = plot.select
              if (width > 4) this.#events.zoom(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
              plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            },
          ],
        },
      },
      [[], ...this.#curves.map(() => [])],
      this.#host,
    )
    set(this.#plot.root, 'aria-hidden', 'true')
  }

  draw(points: Point[], min: number, max: number): void {
    this.#points = points
    const plot = this.#plot
    if (plot === undefined) return
    plot.batch(() => {
      plot.setData([points.map(({ timeMs }) => timeMs / 1000), ...this.#curves.map(({ of }) => points.map(of))], false)
      plot.setScale('x', { min, max })
    })
    this.readOut(this.#at)
  }

  /** The values at a moment, or the last ones. */
  readOut(at: number | undefined): void {
    this.#at = at
    const points = this.#points
    const index = at === undefined ? points.length - 1 : points.findLastIndex(({ timeMs }) => timeMs / 1000 <= at)
    const point = points[index]
    if (point === undefined) return
    const values = this.#curves.map((curve) => ({ curve, value: curve.of(point) }))
    const shown =
      values.length > READ_OUT + 1
        ? [{ name: 'highest', value: Math.max(0, ...values.map(({ value }) => value ?? 0)), colour: 'ink' as const }]
        : values.map(({ curve, value }) => ({ name: curve.name, value, colour: curve.colour }))
    while (this.#readout.childElementCount > shown.length) this.#readout.lastElementChild?.remove()
    while (this.#readout.childElementCount < shown.length)
      this.#readout.append(html('span', {}, html('i', {}), html('b', {}), ' ', html('span', {})))
    for (const [position, { name, value, colour }] of shown.entries()) {
      const [swatch, label, number] = this.#readout.children[position]?.children ?? []
      if (swatch === undefined || label === undefined || number === undefined) continue
      set(swatch, 'class', typeof colour === 'number' ? `series-${(colour % 8) + 1}` : colour)
      say(label, name)
      say(number, value === null ? '–' : this.#kind.show(value))
    }
  }

  #drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot
    const ratio = devicePixelRatio
    const colours = {
      fault: used('--spill'),
      mended: used('--calm'),
      load: used('--soft'),
      setting: used('--odd'),
      experiment: used('--series-4'),
    }
    const { min = 0, max = 0 } = plot.scales.x ?? {}
    ctx.save()
    ctx.font = `${11 * ratio}px system-ui`
    ctx.textBaseline = 'bottom'
    ctx.setLineDash([3 * ratio, 3 * ratio])
    let freeTo = bbox.left + bbox.width
    // The latest first: where labels would meet, the earlier one gives way.
    for (const { timeMs, kind, text } of this.#marks().toReversed()) {
      const at = timeMs / 1000
      if (min === null || max === null || at < min || at > max) continue
      const x = Math.round(plot.valToPos(at, 'x', true))
      ctx.strokeStyle = ctx.fillStyle = colours[kind]
      ctx.lineWidth = ratio
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
      ctx.stroke()
      if (!this.#labels) continue
      const width = ctx.measureText(text).width
      const left = Math.min(x, bbox.left + bbox.width - width)
      if (left + width > freeTo) continue
      ctx.fillText(text, left, bbox.top - 3 * ratio)
      freeTo = left - 8 * ratio
    }
    ctx.restore()
  }
}

/** Hours, minutes and seconds, as the reader's clock shows them. */
const clockTime = (seconds: number): string => new Date(seconds * 1000).toTimeString().slice(0, 8)

/** On a logarithmic axis 1, 10, 100, … and no lines between. */
const decades = (_plot: uPlot, values: number[]): (number | null)[] =>
  values.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6 ? value : null))

const resolved = new Map<string, string>()

/** A colour as the canvas wants it: custom properties with light-dark() are settled only where they are used. */
function used(name: string): string {
  const known = resolved.get(name)
  if (known !== undefined) return known
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const colour = getComputedStyle(probe).color
  probe.remove()
  resolved.set(name, colour)
  return colour
}

/** Colours are settled anew: the theme has changed. */
export function forgetColours(): void {
  resolved.clear()
}
