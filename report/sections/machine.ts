import { plural } from '#common/quantities.ts'
import type { Run } from '#lab/experiment/folder.ts'
import { lateInWords, worstOfEach } from '#lab/experiment/lateness.ts'
import type { CaseSummary } from '#lab/experiment/verdict.ts'
import { scrolling } from '../figure.ts'
import type { Group } from '../group.ts'
import { type Content, type Html, html } from '../html.ts'
import { duration, inWords } from '../quantities.ts'
import { day } from './masthead.ts'

/** Where it ran, how accurate the measurements are, and how to run it again. */
export function machineSection({ runs, labels }: Group): Html {
  const rows: [string, (run: Run) => Content][] = [
    ['Kernel', ({ verdict }) => `Linux ${verdict.machine.kernel}`],
    ['Processor', ({ verdict: { machine } }) => `${plural(machine.cores, 'core')}, ${machine.processor}`],
    ['Memory', ({ verdict }) => inWords(verdict.machine.memoryBytes, 'bytes')],
    ['Runtime', ({ verdict: { machine } }) => `Node ${machine.node}, Spillway ${machine.spillway}`],
    ['Driver', ({ verdict }) => verdict.machine.driver],
    ['Began', ({ verdict }) => `${day(verdict.startedAt)}, took ${duration(verdict.durationMs)}`],
    ['Lab', ({ verdict }) => perCase(verdict.cases, labInWords)],
    ['Sysctls', ({ verdict }) => perCase(verdict.cases, sysctlsInWords)],
    [
      'Sampling',
      ({ verdict }) =>
        perCase(
          verdict.cases,
          ({ plan, lateSamples }) =>
            `accept queues every ${duration(plan.sampleIntervalMs)}${verdict.lagMs === null ? '' : `, ${plural(lateSamples, 'sample')} late`}`,
        ),
    ],
    [
      'Lateness',
      ({ verdict: { lagMs, cases } }) =>
        lagMs === null
          ? 'not known: the run did not finish'
          : perCase(
              cases,
              ({ lateness }) =>
                worstOfEach(lateness)
                  .map((late) => `${lateInWords(late)} in phase ${late.phase}`)
                  .join('; ') || 'nothing was late',
            ),
    ],
  ]
  const filled = rows.filter(([, read]) => runs.some((run) => read(run) !== undefined))
  return html`<section><h2>The machine, and how to run it again</h2>
${scrolling(
  'Machine',
  html`<table class="machine">${runs.length > 1 && html`<thead><tr><td></td>${labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>`}
<tbody>${filled.map(([name, read]) => html`<tr><th scope="row">${name}</th>${runs.map((run) => html`<td>${read(run)}</td>`)}</tr>`)}</tbody></table>`,
)}
<pre class="again"><code>${[...new Set(runs.map(({ verdict }) => verdict.again))].join('\n')}</code></pre>
<p class="note">The folder of a run also has <code>verdict.json</code> and, as Parquet, every sample and connection: <code>accept_queue</code>, <code>syn_queue</code>, <code>port</code>, <code>counters</code>, <code>connections</code>. Their times are in milliseconds since the first phase of the case began.</p></section>`
}

/** One text if it is the same for all cases, or a line for each. */
function perCase(cases: readonly CaseSummary[], read: (one: CaseSummary) => string): Content {
  const words = cases.map(read)
  if (words.every((word) => word === words[0])) return words[0] || undefined
  return cases.map(({ name }, at) => html`${at > 0 && html`<br>`}<b>${name}</b> ${words[at]}`)
}

function labInWords({ plan }: CaseSummary): string {
  const backlogs = plan.backends.map(({ backlog }) => backlog)
  const same = new Set(backlogs).size === 1
  if (plan.server !== undefined) return serverInWords(plan.server, plan.backends)
  const workers =
    plan.mode === 'shared' ? `, ${plan.backends.map((backend) => backend.workers).join(', ')} processes` : ''
  return `${plural(plan.backends.length, 'backend')}, ${plan.mode}${workers}, backlog ${same ? backlogs[0] : backlogs.join(', ')}`
}

/** What the kernel shows of a server that is not ours, and how it was started. */
function serverInWords(
  { name, command }: NonNullable<CaseSummary['plan']['server']>,
  sockets: CaseSummary['plan']['backends'],
): string {
  const limits = sockets.map(({ backlog }) => backlog).join(', ')
  return `${name} (${command.join(' ')}): ${plural(sockets.length, 'socket')}, backlog ${limits}`
}

function sysctlsInWords({ plan, sysctls }: CaseSummary): string {
  const all = { ...sysctls, ...plan.sysctls }
  return Object.entries(all)
    .map(([name, value]) => `${name.replace(/^net\.(core|ipv4)\./, '')} ${value ?? 'absent'}`)
    .join(', ')
}
