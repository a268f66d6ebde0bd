/** A dot for each connection: when it began, and how long the handshake took. */
import { type Html, html } from '../html.ts'
import type { Connection, Lane } from '../lane.ts'
import { inWords } from '../quantities.ts'
import { down, frame } from './frame.ts'
import { phaseMarks } from './phases.ts'
import { type Axis, timeTicks } from './scales.ts'

export interface Staircase {
  title: string
  lane: Lane
  span: readonly [number, number]
  /** The axis of the time to connect. */
  axis: Axis
  /** Leaves room for connections that never connected. */
  never: boolean
  height: number
  columns: number
  /** The backends that answered, in the order of the palette. Empty if they are not distinguished. */
  backends: readonly string[]
}

/** Room for those that never connected, as a share of the rest. */
const NEVER = 0.22

export function staircase({ title, lane, span, axis, height, columns, backends, ...plot }: Staircase): Html {
  const phases = phaseMarks(lane.summary.phases, span)
  const connected = lane.connections.filter(({ connectMs }) => Number.isFinite(connectMs))
  const never = lane.connections.filter(({ connectMs }) => !Number.isFinite(connectMs))
  const reach = plot.never ? 1 + NEVER : 1
  const top = axis.top * reach
  const raster: Raster = { span, column: (span[1] - span[0]) / columns, row: top / height }
  const answeredBy = ({ backend }: Connection): number => (backend === undefined ? 0 : backends.indexOf(backend) + 1)
  const strip = phases.above + 2 + (1 - 1 / reach) * height
  return frame({
    title,
    description: `${inWords(connected.length)} connections were established, ${inWords(never.length)} never were. Time to connect against the time at which the connection began.`,
    height,
    above: phases.above,
    x: timeTicks(span),
    y: axis.ticks.map(({ at, label }) => ({ at: at / reach, label })),
    domain: { x: span, y: [0, top] },
    scales: { x: 'time', quantity: 'ms' },
    behind: phases.marks(height),
    drawing: html`${[0, ...backends.map((_, at) => at + 1)].map((colour) => {
      const dots = connected.filter((connection) => answeredBy(connection) === colour)
      const plain = backends.length === 0 ? 'c-1' : 'c-plain'
      return (
        dots.length > 0 &&
        html`<path class="dots ${colour === 0 ? plain : `c-${colour}`}" d="${dotsOf(dots, raster)}"/>`
      )
    })}${never.length > 0 && html`<path class="never" d="${ticksOf(never, raster, axis.top + top * 0.03, top)}"/>`}`,
    before:
      plot.never &&
      html`<g class="never-zone"><line x1="0" x2="100%" y1="${strip}" y2="${strip}"/><text x="-8" y="${(phases.above + strip) / 2 + 5}" class="y">never</text></g>`,
  })
}

interface Raster {
  span: readonly [number, number]
  /** The width and height of a pixel, in the data's units. */
  column: number
  row: number
}

/** A dot is a stroke of length zero with a round end. Dots on the same pixel are drawn once. */
function dotsOf(connections: readonly Connection[], { span, column, row }: Raster): string {
  const dots = connections.flatMap(({ startedMs, connectMs }) =>
    startedMs >= span[0] && startedMs <= span[1] ? `M${snapped(startedMs, column)} ${-snapped(connectMs, row)}h0` : [],
  )
  return [...new Set(dots)].join('')
}

function ticksOf(connections: readonly Connection[], { span, column }: Raster, from: number, to: number): string {
  const ticks = connections.flatMap(({ startedMs }) =>
    startedMs >= span[0] && startedMs <= span[1] ? `M${snapped(startedMs, column)} ${down(from)}V${down(to)}` : [],
  )
  return [...new Set(ticks)].join('')
}

/** Rounded to half a pixel, with no more digits than needed. */
function snapped(value: number, pixel: number): number {
  const digits = Math.max(0, Math.ceil(1 - Math.log10(pixel)))
  return Number((Math.round((2 * value) / pixel) * (pixel / 2)).toFixed(digits))
}
