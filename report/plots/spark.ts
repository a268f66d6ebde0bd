/** A counter over the course of a run, small enough for a table cell. */
import { curveStepAfter, line } from 'd3-shape'
import { type Html, html } from '../html.ts'
import type { Lane } from '../lane.ts'
import { type Point, thin } from '../thin.ts'
import { coordinate, perCent } from './frame.ts'

const HEIGHT = 26

export function spark(points: readonly Point[], { span, summary }: Lane): Html {
  const [from, to] = span
  const share = (ms: number): number => Math.max(0, Math.min(1, (ms - from) / (to - from)))
  const top = points.reduce((most, { v }) => Math.max(most, v), 1)
  const whole = thin(
    [{ t: from, v: 0 }, ...points.filter(({ t }) => t >= from), { t: to, v: points.at(-1)?.v ?? 0 }],
    150,
  )
  const path = line<Point>()
    .x(({ t }) => coordinate(t))
    .y(({ v }) => coordinate(-v / top))
    .curve(curveStepAfter)
    .digits(3)(whole)
  return html`<svg class="spark" width="100%" height="${HEIGHT}" aria-hidden="true">${summary.phases.map(
    ({ tMs, endMs }, at) =>
      html`<rect class="phase ${at % 2 === 0 ? 'even' : 'odd'}" x="${perCent(share(tMs))}" width="${perCent(share(endMs ?? to) - share(tMs))}" y="0" height="${HEIGHT}"/>`,
  )}<svg class="drawing" y="4" width="100%" height="${HEIGHT - 8}" viewBox="${[from, -1, to - from, 1].map(coordinate).join(' ')}" preserveAspectRatio="none"><path class="line c-1" d="${path}"/></svg></svg>`
}
