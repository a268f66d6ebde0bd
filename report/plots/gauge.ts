/** What was seen, together with the band in which it must lie, small enough for a table cell. */
import type { JudgedExpectation } from '#lab/experiment/verdict.ts'
import { type Html, html } from '../html.ts'

const [WIDTH, HEIGHT, EDGE] = [132, 20, 8]

/** The band as a bar, paler where it was widened for lateness, and what was seen as a dot; undefined for words. */
export function gauge({ band, seen, widenedMs, passed, notJudged }: JudgedExpectation): Html | undefined {
  if ('value' in band || typeof seen !== 'number') return undefined
  const { low, high } = band
  const ends = [low, high, seen].filter((value) => value !== null)
  const [least, most] = [Math.min(...ends), Math.max(...ends)]
  const room = most - least || Math.abs(most) || 1
  const pixel = (value: number): number =>
    Math.round(10 * (EDGE + ((value - least + room * 0.15) / (most - least + room * 0.3)) * (WIDTH - 2 * EDGE))) / 10
  const [left, right] = [low === null ? 0 : pixel(low), high === null ? WIDTH : pixel(high)]
  const firm = high === null || widenedMs <= 0 ? right : pixel(high - widenedMs)
  const width = Math.max(3, firm - left)
  return html`<svg class="gauge ${notJudged !== null ? 'not-judged' : passed ? 'passed' : 'failed'}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true">
<line class="rail" x1="0" x2="${WIDTH}" y1="10" y2="10"/>
${low === high ? html`<rect class="point" x="${left - 1.5}" width="3" y="1" height="18"/>` : html`<rect class="band" x="${left}" width="${width}" y="5" height="10"/>`}
${right - firm > 0.5 && html`<rect class="lag" x="${firm}" width="${right - firm}" y="5" height="10"/>`}
<circle cx="${pixel(seen)}" cy="10" r="4"/></svg>`
}
