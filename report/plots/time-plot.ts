/** Values over time, with the phases, if there were any. */
import { area, curveStepAfter, curveStepBefore, line } from 'd3-shape'
import { type Html, html } from '../html.ts'
import { inWords, type Quantity } from '../quantities.ts'
import { type Point, thin } from '../thin.ts'
import { coordinate, down, frame } from './frame.ts'
import { type Phase, phaseMarks } from './phases.ts'
import { type Axis, timeTicks } from './scales.ts'

export interface Line {
  /** Colours 1 to 8 of the palette, or those of queues and of their limits. */
  colour: number | 'water' | 'level'
  name: string
  points: readonly Point[]
  /** Fills the area below. */
  filled?: boolean
  dashed?: boolean
}

/** The range in which a value may lie. */
interface Band {
  name: string
  colour: number
  low: readonly Point[]
  high: readonly Point[]
}

interface Stretch {
  from: number
  to: number
  v: number
}

export interface TimePlot {
  title: string
  phases?: readonly Phase[]
  /** The time span shown. */
  span: readonly [number, number]
  /** Behind the lines. */
  bands?: readonly Band[]
  lines: readonly Line[]
  quantity: Quantity
  axis: Axis
  height: number
  /** How many points can be distinguished across the plot, in pixels. */
  columns: number
  /** A level to mark, with its label. */
  level?: { value: number; label: string }
  /** Stretches to highlight, and at which height. */
  stressed?: readonly Stretch[]
}

export function timePlot({ span, axis, height, quantity, lines, columns, ...plot }: TimePlot): Html {
  const { bands = [], level, stressed = [] } = plot
  const phases = phaseMarks(plot.phases ?? [], span)
  const onTop = level !== undefined && level.value <= axis.top
  const yOf = (value: number): number => phases.above + 2 + (1 - value / axis.top) * height
  const visible = (points: readonly Point[]): Point[] => thin(inside(points, span), columns)
  const within = bands.map((one) => ({ ...one, low: visible(one.low), high: visible(one.high) }))
  const drawn = lines.map((one) => ({ ...one, points: visible(one.points) }))
  return frame({
    title: plot.title,
    description: describe(lines, quantity, plot.phases),
    height,
    above: phases.above,
    x: timeTicks(span),
    y: axis.ticks,
    domain: { x: span, y: [0, axis.top] },
    scales: { x: 'time', quantity },
    behind: phases.marks(height),
    drawing: html`${within.map(
      ({ name, colour, low, high }) =>
        html`<path class="band c-${colour}" d="${bandOf(low, high)}"/><path class="edge c-${colour}" data-name="${name} from" d="${lineOf(low)}"/><path class="edge c-${colour}" data-name="to" d="${lineOf(high)}"/>`,
    )}${drawn.map(
      ({ filled, points, colour }) => filled && html`<path class="area c-${colour}" d="${areaOf(points)}"/>`,
    )}${drawn.map(
      ({ name, points, colour, dashed }) =>
        html`<path class="line c-${colour} ${dashed && 'dashed'}" data-name="${name}" d="${lineOf(points)}"/>`,
    )}${stressed.length > 0 && html`<path class="full" d="${stretches(stressed, (span[1] - span[0]) / columns)}"/>`}`,
    before:
      onTop &&
      html`<g class="level"><line x1="0" x2="100%" y1="${yOf(level.value)}" y2="${yOf(level.value)}"/><text x="100%" dx="-4" y="${yOf(level.value) + (crowded(drawn, level.value, axis.top) ? 14 : -5)}">${level.label}</text></g>`,
  })
}

/** Whether a line ends where the label of the level would be, just above it. */
const crowded = (lines: readonly Line[], level: number, top: number): boolean =>
  lines.some(({ points }) => {
    const last = points.at(-1)?.v ?? 0
    return last > level && last < level + top * 0.15
  })

/** The points within the span; the last value before it is carried to its beginning. */
function inside(points: readonly Point[], [from, to]: readonly [number, number]): Point[] {
  const before = points.findLast(({ t }) => t < from)
  const within = points.filter(({ t }) => t >= from && t <= to)
  return before === undefined || within[0]?.t === from ? within : [{ t: from, v: before.v }, ...within]
}

const known = ({ v }: Point): boolean => Number.isFinite(v)
const tenth = (ms: number): number => coordinate(Math.round(ms * 10) / 10)
const x = ({ t }: Point): number => tenth(t)
const y = ({ v }: Point): number => down(v)

/** Points are a few milliseconds apart: less than a tenth of one cannot be seen. */
const lineOf = (points: readonly Point[]): string =>
  line<Point>().defined(known).x(x).y(y).curve(curveStepAfter).digits(4)(points) ?? ''

const areaOf = (points: readonly Point[]): string =>
  area<Point>().defined(known).x(x).y1(y).y0(0).curve(curveStepAfter).digits(4)(points) ?? ''

/** Forwards along the highest values and back along the lowest. */
function bandOf(low: readonly Point[], high: readonly Point[]): string {
  const back = line<Point>().x(x).y(y).curve(curveStepBefore).digits(4)(low.toReversed())
  return `${lineOf(high)}${back?.replace('M', 'L') ?? ''}Z`
}

/** Stretches that cannot be distinguished are drawn as one. */
function stretches(spans: readonly Stretch[], pixelMs: number): string {
  const drawn: Stretch[] = []
  for (const span of spans) {
    const last = drawn.at(-1)
    if (last !== undefined && span.from - last.to < pixelMs && span.v === last.v) last.to = span.to
    else drawn.push({ ...span })
  }
  return drawn.map(({ from, to, v }) => `M${tenth(from)} ${down(v)}H${tenth(to)}`).join('')
}

function describe(lines: readonly Line[], quantity: Quantity, phases: readonly Phase[] = []): string {
  const values = lines.map(({ name, points }) => {
    const numbers = points.filter(known).map(({ v }) => v)
    if (numbers.length === 0) return `${name}: nothing sampled`
    const highest = numbers.reduce((most, value) => Math.max(most, value))
    return `${name}: at most ${inWords(highest, quantity)}, ${inWords(numbers.at(-1), quantity)} at the end`
  })
  return `${values.join('; ')}.${phases.length > 0 ? ` Phases: ${phases.map(({ name }) => name).join(', ')}.` : ''}`
}
