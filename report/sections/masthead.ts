import { plural } from '#common/quantities.ts'
import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import { duration } from '../quantities.ts'
import { sourcesLine } from './sources.ts'
import { badge, tally } from './status.ts'

/** The lesson, its sources, and the outcome. */
export function masthead({ experiment, runs, labels }: Group, level: 1 | 2): Html {
  const [first] = runs
  const { teaches, sources } = first!.verdict
  const title =
    level === 1 ? html`<h1>${experiment}</h1>` : html`<h2 class="title" id="${experiment}">${experiment}</h2>`
  return html`<header class="masthead">${title}
<p class="lesson">${teaches}</p>
${sourcesLine(sources)}
<div class="outcomes">${runs.map(
    ({ verdict }, at) => html`<div class="outcome">${badge(verdict.status)}
<p>${runs.length > 1 && html`<b>${labels[at]}</b> `}${tally(verdict)} <span class="note">${day(verdict.startedAt)}, ${duration(verdict.durationMs)}, ${plural(verdict.cases.length, 'lab')}, Linux ${verdict.machine.kernel}</span></p></div>`,
  )}</div></header>`
}

/** `2026-11-22 22:24 UTC` */
export const day = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
