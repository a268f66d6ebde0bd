/** Several values of one quantity, each with its interval, small enough for a table cell. */
import type { Estimate } from '#planner/outcome.ts'
import { type Html, html } from '../html.ts'

export interface Interval extends Estimate {
  colour: number | 'water' | 'plain'
}

const [WIDTH, LINE, EDGE] = [150, 11, 7]

/** Values closer than this share of the largest are drawn close together. */
const NEAR = 0.25

/**
 * A line for each, on a common scale that spans at least `leastRoom`, so that tiny differences look tiny. An interval
 * without an upper end runs to the right edge.
 */
export function intervals(shown: readonly (Interval | undefined)[], leastRoom: number): Html {
  const ends = shown
    .flatMap((one) => (one === undefined ? [] : [one.low, one.value, one.high]))
    .filter((value) => Number.isFinite(value))
  const [least, most] = [Math.min(...ends), Math.max(...ends)]
  const missing = Math.max(0, leastRoom - (most - least), NEAR * most - (most - least))
  const [from, to] = [least - missing / 2, most + missing / 2]
  const pixel = (value: number): number =>
    Number.isFinite(value) ? Math.round(10 * (EDGE + ((value - from) / (to - from)) * (WIDTH - 2 * EDGE))) / 10 : WIDTH
  const height = shown.length * LINE
  return html`<svg class="intervals" width="${WIDTH}" height="${height}" aria-hidden="true">${shown.map((one, at) => {
    const y = at * LINE + LINE / 2
    return (
      one !== undefined &&
      html`<g class="c-${one.colour}"><line x1="${pixel(one.low)}" x2="${pixel(one.high)}" y1="${y}" y2="${y}"/><circle cx="${pixel(one.value)}" cy="${y}" r="3.5"/></g>`
    )
  })}</svg>`
}
