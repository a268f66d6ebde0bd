/** The kernel's conformance card: one line for each experiment. */
import type { Verdict } from '#lab/experiment/verdict.ts'
import { scrolling } from './figure.ts'
import { type Html, html } from './html.ts'
import { page } from './page.ts'
import { duration } from './quantities.ts'
import { day } from './sections/masthead.ts'
import { badge } from './sections/status.ts'

export interface CardLine {
  verdict: Verdict
  /** Which of several runs of the same experiment. */
  label?: string | undefined
  /** Link to its report. */
  href: string
}

/** index.html of a folder of runs. */
export function cardHtml(lines: readonly CardLine[]): string {
  const [first] = lines
  if (first === undefined) throw new RangeError('A conformance card needs a run')
  const { machine, startedAt } = first.verdict
  const count = (status: Verdict['status']): number => lines.filter(({ verdict }) => verdict.status === status).length
  const counts = (['passed', 'failed', 'broken', 'not judged'] as const).filter((status) => count(status) > 0)
  return page(
    'Conformance card – Spillway',
    html`<header class="masthead"><h1>Linux ${machine.kernel}</h1>
<p class="lesson">What this kernel does with the queues in front of a TCP server, and whether it is what was expected.</p>
<div class="outcomes"><div class="outcome">${counts.map((status) => badge(status, count(status)))}</div></div>
<p class="sources">${day(startedAt)}, ${machine.cores} cores, driver ${machine.driver}, Node ${machine.node}, Spillway ${machine.spillway}</p></header>
${conformanceTable(lines)}`,
  )
}

export const conformanceTable = (lines: readonly CardLine[]): Html =>
  scrolling(
    'Experiments',
    html`<table class="card"><thead><tr><th scope="col">verdict</th><th scope="col">experiment</th><th scope="col" class="number">expectations</th><th scope="col" class="number">took</th><th scope="col">what it teaches</th></tr></thead>
<tbody>${lines.map(({ verdict, href, label }) => {
      const { status, expectations, experiment, teaches, durationMs, reason } = verdict
      const held = expectations.filter(({ passed }) => passed).length
      return html`<tr><td>${badge(status)}</td><th scope="row"><a href="${href}">${experiment}</a>${label !== undefined && html`<br><span class="note">${label}</span>`}</th><td class="number">${expectations.length === 0 ? '–' : `${held} of ${expectations.length}`}</td><td class="number">${duration(durationMs)}</td><td class="what">${teaches}${reason !== null && html` <span class="note">${reason}</span>`}</td></tr>
`
    })}</tbody></table>`,
  )
