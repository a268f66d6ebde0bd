/** Latency by percentile, drawn like HDR histograms: each further nine takes the same width. */
import { percent } from '#common/quantities.ts'
import { type Html, html } from '../html.ts'
import { type PercentileAxis, place, type Step } from '../percentiles.ts'
import { duration } from '../quantities.ts'
import { coordinate, down, frame, perCent, type Tick } from './frame.ts'
import { type Axis, type LogAxis, onLog } from './scales.ts'

export interface Curve {
  name: string
  colour: number | 'water'
  dashed?: boolean | undefined
  /** In milliseconds. */
  steps: readonly Step[]
}

export interface PercentilePlot {
  title: string
  curves: readonly Curve[]
  percentiles: PercentileAxis
  /** The time axis: logarithmic, or from zero. */
  axis: LogAxis | Axis
  height: number
  /** How many steps can be distinguished across the plot. */
  columns: number
}

export function percentilePlot({ title, curves, percentiles, axis, height, columns }: PercentilePlot): Html {
  const end = place(percentiles.end)
  const ticks = percentiles.marks.map((mark): Tick => ({ at: place(mark) / end, label: percent(mark) }))
  const told = place(percentiles.told) / end
  return frame({
    title,
    description: curves.map(({ name, steps }) => `${name}: ${inWords(steps)}`).join('; '),
    height,
    above: 2,
    x: { narrow: apart(ticks), wide: ticks, grid: true },
    y: axis.ticks,
    domain: { x: [0, end], y: isLog(axis) ? [axis.from, axis.to] : [0, axis.top] },
    scales: { ...(isLog(axis) ? { y: 'log' } : {}), quantity: 'ms' },
    behind:
      told < 0.995 &&
      html`<rect class="untold" x="${perCent(told)}" width="${perCent(1 - told)}" y="4" height="${height}"><title>Only the slowest connection is here</title></rect>`,
    drawing: curves.map(
      ({ name, colour, steps, dashed }) =>
        html`<path class="line c-${colour} ${dashed && 'dashed'}" data-name="${name}" d="${stairs(steps, end, axis, columns)}"/>`,
    ),
  })
}

/** On a narrow plot, leaves out marks too close to the next one; the last label ends at its mark and takes more room. */
const apart = (ticks: readonly Tick[]): Tick[] =>
  ticks.filter(({ at }, place) => {
    const next = ticks[place + 1]?.at ?? 2
    return next - at > (place + 2 === ticks.length ? 0.27 : 0.17)
  })

/** The distribution as a line of steps, each at least one pixel wide. */
function stairs(steps: readonly Step[], end: number, axis: LogAxis | Axis, columns: number): string {
  const pixel = end / columns
  let [path, drawnTo] = ['', 0]
  for (const { from, to, v } of steps) {
    const right = Math.min(end, to >= 1 ? end : place(to))
    if (right - drawnTo < pixel && to < 1) continue
    const y = down(Number((isLog(axis) ? onLog(v, axis) : v).toFixed(4)))
    path += path === '' ? `M${coordinate(place(from))} ${y}` : `V${y}`
    path += `H${Number(right.toFixed(4))}`
    drawnTo = right
    if (right >= end) break
  }
  return path
}

const isLog = (axis: LogAxis | Axis): axis is LogAxis => 'from' in axis

const inWords = (steps: readonly Step[]): string =>
  `half within ${duration(steps.find(({ to }) => to >= 0.5)?.v ?? Number.NaN)}, all within ${duration(steps.at(-1)?.v ?? Number.NaN)}`
