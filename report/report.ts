/** A run as one self-contained HTML file: it needs no network, and no script to be readable. */
import type { Run } from '#lab/experiment/folder.ts'
import { type CardLine, conformanceTable } from './card.ts'
import { factsSection } from './facts.ts'
import { type Group, groupsOf } from './group.ts'
import { type Html, html } from './html.ts'
import { page } from './page.ts'
import { clientsSection } from './sections/clients.ts'
import { countersSection } from './sections/counters.ts'
import { loadsSection } from './sections/loads.ts'
import { machineSection } from './sections/machine.ts'
import { masthead } from './sections/masthead.ts'
import { queuesSection } from './sections/queues.ts'
import { timelineSection } from './sections/timeline.ts'
import { verdictSection } from './sections/verdict.ts'

/**
 * The report of one run, or of several side by side: runs of the same experiment share tables and axes, and each
 * experiment has a chapter.
 */
export function reportHtml(runs: readonly Run[]): string {
  const groups = groupsOf(runs)
  const [first] = groups
  if (first === undefined) throw new RangeError('A report needs a run')
  const facts = factsSection(runs.flatMap(({ verdict }) => verdict.sources))
  if (groups.length === 1) return page(`${first.experiment} – Spillway`, html`${chapter(first, 1)}\n${facts}`)
  return page(
    'Experiments – Spillway',
    html`<header class="masthead"><h1>${groups.length} experiments</h1></header>
${conformanceTable(groups.flatMap(linesOf))}
${groups.map((group) => html`<article class="chapter">${chapter(group, 2)}</article>`)}
${facts}`,
  )
}

const linesOf = ({ experiment, runs, labels }: Group): CardLine[] =>
  runs.map(({ verdict }, at) => ({
    verdict,
    href: `#${experiment}`,
    label: runs.length > 1 ? labels[at] : undefined,
  }))

const chapter = (group: Group, level: 1 | 2): Html => html`${masthead(group, level)}
${verdictSection(group)}
${timelineSection(group)}
${queuesSection(group)}
${clientsSection(group)}
${countersSection(group)}
${loadsSection(group)}
${machineSection(group)}`
