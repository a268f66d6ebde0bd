import { scrolling } from '../figure.ts'
import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import type { Lane } from '../lane.ts'
import { perCent } from '../plots/frame.ts'
import { duration, moment } from '../quantities.ts'
import { sharedSpans } from './shared.ts'

/** The smallest part of a bar, so that even a short phase is visible. */
const LEAST = 0.004

/** What was done and when: a row for each phase, with its events. */
export function timelineSection({ lanes }: Group): Html | undefined {
  const shown = lanes.filter(({ summary }) => summary.phases.length > 0)
  if (shown.length === 0) return undefined
  const spans = sharedSpans(shown)
  return html`<section><h2>What was done</h2>
<p class="meaning">Phases and what happened in them, in seconds since the first one began. The last phase only waits for the loads to end.</p>
${shown.map((lane) => scrolling(`Timeline ${lane.label}`, timeline(lane, spans.get(lane)!)))}</section>`
}

function timeline({ label, summary }: Lane, [from, to]: readonly [number, number]): Html {
  const share = (ms: number): number => Math.max(0, Math.min(1, (ms - from) / (to - from)))
  const { phases, events } = summary
  return html`<table class="timeline">${label !== '' && html`<caption>${label}</caption>`}
<thead><tr><th scope="col">phase</th><th scope="col" class="number">from</th><th scope="col" class="number">duration</th><td class="bar"></td><th scope="col">what happened</th></tr></thead>
<tbody>${phases.map(({ name, tMs, endMs }, at) => {
    const until = phases[at + 1]?.tMs ?? Number.POSITIVE_INFINITY
    const own = events.filter((event) => event.tMs < until && (at === 0 || event.tMs >= tMs))
    const end = share(endMs ?? to)
    return html`<tr><th scope="row">${name}</th><td class="number">${moment(tMs)}</td><td class="number">${endMs === null ? 'cut off' : duration(endMs - tMs)}</td>
<td class="bar"><svg width="100%" height="16" aria-hidden="true"><line class="rail" x1="0" x2="100%" y1="8" y2="8"/><rect class="${endMs === null ? 'cut' : ''}" x="${perCent(Math.min(share(tMs), 1 - LEAST))}" width="${perCent(Math.max(LEAST, end - share(tMs)))}" y="3" height="10"/>${own.map(
      (event) =>
        html`<line class="event" x1="${perCent(share(event.tMs))}" x2="${perCent(share(event.tMs))}" y1="0" y2="16"/>`,
    )}</svg></td>
<td>${own.length > 0 && html`<ul>${own.map((event) => html`<li><span class="note">${moment(event.tMs)}</span> ${event.what}</li>`)}</ul>`}</td></tr>
`
  })}</tbody></table>`
}
