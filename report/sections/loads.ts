import { UNKNOWN } from '#common/quantities.ts'
import { scrolling } from '../figure.ts'
import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import type { Lane } from '../lane.ts'
import { orderInWords, outcomeWords } from '../load-words.ts'
import { duration, inWords } from '../quantities.ts'

type LoadEntry = Lane['summary']['loads'][number]

/** The loads that the clients were given, and how they ended. */
export function loadsSection({ lanes }: Group): Html | undefined {
  const shown = lanes.filter(({ summary }) => summary.loads.length > 0)
  if (shown.length === 0) return undefined
  const several = shown.length > 1
  return html`<section><h2>The loads</h2>
<p class="meaning">Arrivals follow a schedule and never wait for answers. The result includes how late the schedule ran at worst.</p>
${scrolling(
  'Loads',
  html`<table class="loads"><thead><tr>${several && html`<td></td>`}<th scope="col">load</th><th scope="col">phase</th><th scope="col" class="number">started</th><th scope="col" class="number">connected</th><th scope="col">ended</th><th scope="col" class="number">SYN retransmits</th><th scope="col" class="number">read</th><th scope="col" class="number">written</th><th scope="col" class="number">max lateness</th></tr></thead>
<tbody>${shown.map(({ label, summary }) =>
    summary.loads.map(
      (load, at) =>
        html`<tr class="${several && at === 0 ? 'first' : ''}">${several && html`<td>${at === 0 && html`<b>${label}</b>`}</td>`}<th scope="row">${orderInWords(load.order)}</th><td>${load.phase}</td>${result(load)}</tr>
`,
    ),
  )}</tbody></table>`,
)}</section>`
}

function result({ report }: LoadEntry): Html {
  if (report === null) return html`<td colspan="7" class="note">did not end</td>`
  const { started, connected, outcomes, synRetransmits, bytesRead, bytesWritten, scheduleLagMs, failures } = report
  // Loads that only send SYNs record no connections: how many connected, and how they ended, is not known.
  const records = report.kind !== 'half-open'
  const ends = Object.entries(outcomes).filter(([, count]) => count > 0)
  return html`<td class="number">${inWords(started)}</td><td class="number">${records ? inWords(connected) : UNKNOWN}</td><td>${ends
    .map(([outcome, count]) => `${inWords(count)} ${outcomeWords[outcome as keyof typeof outcomeWords] ?? outcome}`)
    .join(', ')}${ends.length === 0 && UNKNOWN}${Object.entries(failures).map(
    ([what, count]) => html`<br><span class="note">${inWords(count)} × ${what}</span>`,
  )}${report.error !== undefined && html`<br><span class="note">${report.error}</span>`}</td><td class="number">${records ? inWords(synRetransmits) : UNKNOWN}</td><td class="number">${inWords(bytesRead, 'bytes')}</td><td class="number">${inWords(bytesWritten, 'bytes')}</td><td class="number">${scheduleLagMs.count === 0 ? UNKNOWN : duration(scheduleLagMs.max)}</td>`
}
