/** Latency by percentile, as HDR histograms are drawn: each further nine takes the same room, times are logarithmic. */
import { type Html, html } from '../html.ts'
import { type PercentileAxis, percent, place, steps } from '../percentiles.ts'
import { duration } from '../quantities.ts'
import { coordinate, down, frame, perCent, type Tick } from './frame.ts'
import { type LogAxis, onLog } from './scales.ts'

export interface Curve {
  name: string
  colour: number
  dashed?: boolean | undefined
  /** Ascending milliseconds. */
  sorted: readonly number[]
}

export interface PercentilePlot {
  title: string
  curves: readonly Curve[]
  percentiles: PercentileAxis
  axis: LogAxis
  height: number
  /** Steps that can be told apart across the plot. */
  columns: number
}

export function percentilePlot({ title, curves, percentiles, axis, height, columns }: PercentilePlot): Html {
  const end = place(percentiles.end)
  const ticks = percentiles.marks.map((mark): Tick => ({ at: place(mark) / end, label: `${percent(mark)} %` }))
  const told = place(percentiles.told) / end
  return frame({
    title,
    description: curves.map(({ name, sorted }) => `${name}: ${inWords(sorted)}`).join('; '),
    height,
    above: 2,
    x: { narrow: apart(ticks), wide: ticks, grid: true },
    y: axis.ticks,
    domain: { x: [0, end], y: [axis.from, axis.to] },
    scales: { y: 'log', quantity: 'ms' },
    behind:
      told < 0.995 &&
      html`<rect class="untold" x="${perCent(told)}" width="${perCent(1 - told)}" y="4" height="${height}"><title>Here lies the slowest connection alone</title></rect>`,
    drawing: curves.map(
      ({ name, colour, sorted, dashed }) =>
        html`<path class="line c-${colour} ${dashed && 'dashed'}" data-name="${name}" d="${stairs(sorted, end, axis, columns)}"/>`,
    ),
  })
}

/** Where there is little room a mark gives way to the next one. */
const apart = (ticks: readonly Tick[]): Tick[] =>
  ticks.filter(({ at }, place) => (ticks[place + 1]?.at ?? 2) - at > 0.17)

/** The distribution as a line of steps, each at least a pixel wide. */
function stairs(sorted: readonly number[], end: number, axis: LogAxis, columns: number): string {
  const pixel = end / columns
  let [path, drawnTo] = ['', 0]
  for (const { from, to, v } of steps(sorted)) {
    const right = Math.min(end, to >= 1 ? end : place(to))
    if (right - drawnTo < pixel && to < 1) continue
    const y = down(Number(onLog(v, axis).toFixed(4)))
    path += path === '' ? `M${coordinate(place(from))} ${y}` : `V${y}`
    path += `H${Number(right.toFixed(4))}`
    drawnTo = right
    if (right >= end) break
  }
  return path
}

const inWords = (sorted: readonly number[]): string =>
  `half within ${duration(sorted[Math.max(0, Math.ceil(sorted.length / 2) - 1)] ?? Number.NaN)}, all within ${duration(sorted.at(-1) ?? Number.NaN)}`
