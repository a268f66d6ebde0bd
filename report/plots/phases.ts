/** Phases as bands behind a plot over time, with their names above it. */
import type { CaseSummary } from '#lab/experiment/verdict.ts'
import { type Html, html } from '../html.ts'
import { moment } from '../quantities.ts'
import { NARROW, perCent, WIDE } from './frame.ts'

const LANE = 14
const LETTER = 6.4
const MAX_LANES = 5

/** The position of a name: the beginning of its phase as a share of the width, and how many lines above the plot. */
export interface PlacedLabel {
  text: string
  /** Where its phase begins. */
  begin: number
  lane: number
  /** Whether the name ends there because there is no room to the right. */
  ends: boolean
}

/**
 * Finds a line for each name so that names do not overlap: from right to left, so that the stroke from an upper name down
 * to its phase does not cross a lower name. A name for which there is no room is left out.
 */
export function placeLabels(names: readonly { text: string; begin: number }[], widthPx: number): PlacedLabel[] {
  const taken: number[] = []
  return names
    .toReversed()
    .flatMap(({ text, begin }): PlacedLabel[] => {
      const width = (text.length * LETTER + 8) / widthPx
      const ends = begin + width > 1
      const left = ends ? begin - width : begin
      for (let lane = 0; lane < MAX_LANES; lane++) {
        if (left + width > (taken[lane] ?? Number.POSITIVE_INFINITY)) continue
        taken[lane] = left
        return [{ text, begin, lane, ends }]
      }
      return []
    })
    .toReversed()
}

export interface PhaseMarks {
  /** Height of the names, in pixels. */
  above: number
  /** The bands and names, for a drawing of this height. */
  marks(height: number): Html
}

export type Phase = CaseSummary['phases'][number]

export function phaseMarks(phases: readonly Phase[], [from, to]: readonly [number, number]): PhaseMarks {
  const share = (ms: number): number => Math.max(0, Math.min(1, (ms - from) / (to - from)))
  const shown = phases.filter(({ tMs, endMs }) => tMs <= to && (endMs ?? to) >= from)
  const names = shown.map(({ name, tMs }) => ({ text: name, begin: share(tMs) }))
  const placed = { narrow: placeLabels(names, NARROW), wide: placeLabels(names, WIDE) }
  const lanes = Math.max(0, ...[...placed.narrow, ...placed.wide].map(({ lane }) => lane + 1))
  const above = lanes * LANE + 4
  return {
    above,
    marks: (height) =>
      html`<g class="phases">${shown.map((phase) => {
        const { name, tMs, endMs } = phase
        const at = phases.indexOf(phase)
        const [begin, end] = [share(tMs), share(endMs ?? to)]
        return html`<rect class="phase ${at % 2 === 0 ? 'even' : 'odd'}" x="${perCent(begin)}" width="${perCent(end - begin)}" y="${above}" height="${height + 2}"><title>${name}: ${moment(tMs)} to ${endMs === null ? 'the end' : moment(endMs)}</title></rect>`
      })}</g>${(['narrow', 'wide'] as const).map(
        (size) =>
          html`<g class="phase-names ${size}">${placed[size].map(({ text, begin, lane, ends }) => {
            const baseline = above - 5 - lane * LANE
            return html`<line x1="${perCent(begin)}" x2="${perCent(begin)}" y1="${baseline - 8}" y2="${above + height + 2}"/><text x="${perCent(begin)}" dx="${ends ? -4 : 4}" y="${baseline}" class="${ends && 'last'}">${text}</text>`
          })}</g>`,
      )}`,
  }
}
