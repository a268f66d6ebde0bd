/** Plots with their context: a measure is a title, what its number means, and a panel for each lane or shard. */
import { type Content, type Html, html } from './html.ts'

export interface Panel {
  /** What distinguishes it from the others; empty if there is only one. */
  label: string
  note?: Content
  legend?: readonly LegendEntry[]
  plot: Html
}

interface LegendEntry {
  colour: number | 'plain' | 'water'
  name: string
  dashed?: boolean | undefined
  /** For a band rather than a line. */
  band?: boolean
  note?: string
}

export interface Measure {
  title: string
  /** Unit, meaning, and the limits of the number. */
  meaning: Content
  /** In rows, each on its own line. */
  rows: readonly (readonly Panel[])[]
  /** What follows the plots. */
  after?: Content
}

/** Undefined if there is no panel. */
export function measure({ title, meaning, rows, after }: Measure, size: 'full' | 'half' = 'half'): Html | undefined {
  const count = rows.flat().length
  if (count === 0) return undefined
  const longest = Math.max(...rows.map((row) => row.length))
  const columns = longest === 2 || longest === 4 ? 'two' : 'three'
  return html`<section class="measure ${count === 1 ? size : 'full'}"><h3>${title}</h3><p class="meaning">${meaning}</p>
${rows.map((row) => html`<div class="panels ${count === 1 ? '' : columns}">${row.map(panel)}</div>`)}${after}</section>`
}

const panel = ({ label, note, legend = [], plot }: Panel): Html =>
  html`<figure><figcaption>${label !== '' && html`<b>${label}</b> `}${note !== undefined && html`<span class="note">${note}</span>`}${
    legend.length > 0 &&
    html`<span class="legend">${legend.map(
      ({ colour, name, note: more, dashed, band }) =>
        html`<span class="entry"><i class="c-${colour} ${dashed && 'dashed'} ${band && 'band'}"></i>${name}${more !== undefined && html` <span class="note">${more}</span>`}</span> `,
    )}</span>`
  }<output class="read-out" aria-hidden="true"></output></figcaption>${plot}</figure>
`

/** A table that scrolls by itself if it is wider than the page. */
export const scrolling = (label: string, table: Html): Html =>
  html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`

/** The width of a plot in pixels, to decide which points and dots can be distinguished. */
export const columnsOf = (panels: number): number => (panels === 1 ? 720 : 340)
