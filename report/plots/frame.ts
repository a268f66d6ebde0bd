/**
 * What every plot has: axes, grid, and a drawing that stretches. Text and ticks are placed in per cent horizontally and in
 * pixels vertically; the drawing is an inner SVG in the data's own units. So a plot fits any width without a script, while
 * text keeps its size and lines keep their width.
 */
import { type Content, type Html, html } from '../html.ts'

/** A mark on an axis; `at` from 0 to 1. */
export interface Tick {
  at: number
  label: string
}

export interface Frame {
  /** For screen readers. */
  title: string
  description: string
  /** Height of the drawing without axes, in pixels. */
  height: number
  /** Room above the drawing, in pixels. */
  above?: number
  /** Ticks for a narrow and for a wide plot. */
  x: { narrow: readonly Tick[]; wide: readonly Tick[]; grid?: boolean }
  y: readonly Tick[]
  /** Bounds of the drawing, in the data's units: left, right, bottom, top. */
  domain: { x: readonly [number, number]; y: readonly [number, number] }
  /** Behind the grid, in per cent and pixels. */
  behind?: Content
  /** The drawing itself; y grows upwards: see `down`. */
  drawing: Content
  /** In front of it, in per cent and pixels. */
  before?: Content
  /** How the read-out at the pointer shows the axes: `time` or `log` (base ten). */
  scales?: { x?: 'time'; y?: 'log'; quantity?: string }
}

/** Widths in pixels for which labels are laid out; the style sheet switches between the two at 560. */
export const NARROW = 250
export const WIDE = 500

const BELOW = 22
const PAD = 2

/** A y coordinate of the drawing: in SVG, y grows downwards. */
export const down = (value: number): number => coordinate(-value)

/** Rounded to the digits that are visible. */
export const coordinate = (value: number): number => Number(value.toPrecision(7))

export const perCent = (fraction: number): string => `${Number((fraction * 100).toFixed(2))}%`

export function frame({ height, above = 0, x, y, domain, ...plot }: Frame): Html {
  const [left, right] = domain.x
  const [bottom, top] = domain.y
  const box = [left, -top, right - left, top - bottom].map(coordinate).join(' ')
  const top0 = above + PAD
  const fromTop = (at: number): number => Math.round((top0 + (1 - at) * height) * 10) / 10
  const { scales = {} } = plot
  return html`<div class="canvas"><svg class="plot" role="img" width="100%" height="${top0 + height + BELOW}"
  data-x="${scales.x}" data-y="${scales.y}" data-quantity="${scales.quantity}" data-top="${top0}" data-height="${height}">
<title>${plot.title}</title><desc>${plot.description}</desc>
${plot.behind}
<g class="grid">${y.map(({ at }) => html`<line x1="0" x2="100%" y1="${fromTop(at)}" y2="${fromTop(at)}"/>`)}${
    x.grid === true &&
    x.wide.map(({ at }) => html`<line x1="${perCent(at)}" x2="${perCent(at)}" y1="${top0}" y2="${top0 + height}"/>`)
  }</g>
<svg class="drawing" y="${top0}" width="100%" height="${height}" viewBox="${box}" preserveAspectRatio="none">${plot.drawing}</svg>
${plot.before}
<g class="ticks">${y.map(({ at, label }) => html`<text x="-8" y="${fromTop(at) + 4}" class="y">${label}</text>`)}</g>
${(['narrow', 'wide'] as const).map(
  (size) =>
    html`<g class="ticks ${size}">${x[size].map(({ at, label }) => html`<text x="${perCent(at)}" y="${top0 + height + 17}" class="${at > 0.985 && 'last'}">${label}</text>`)}</g>`,
)}
</svg></div>`
}
