/** How long connections waited for accept(), where BPF programs have measured each of them. */
import { nearestRank } from '#common/quantile.ts'
import { percent } from '#common/quantities.ts'
import type { ExactQueue } from '#lab/experiment/verdict.ts'
import { scrolling } from '../figure.ts'
import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import type { Lane } from '../lane.ts'
import { duration, inWords } from '../quantities.ts'

type Accepted = NonNullable<ExactQueue['accepted']>

/** Those of these shares of the connections had waited no longer. */
const told = [0.5, 0.9, 0.99] as const

/** A histogram for each shard through which anybody came; undefined where none was measured. */
export function acceptWaits({ lanes }: Group): Html | undefined {
  const shown = lanes.flatMap((lane) =>
    (lane.summary.exact ?? []).flatMap(({ shard, accepted }) =>
      accepted === undefined || accepted.connections === 0 ? [] : [{ lane, shard, accepted }],
    ),
  )
  if (shown.length === 0) return undefined
  return html`<section class="measure full"><h3>Accept wait, exact</h3><p class="meaning">How long each connection had been in the accept queue when it was accepted, since its final ACK: measured by BPF programs for every one of them, to the microsecond, and counted in these classes. A share such as 99 % is known to the class.</p>
${scrolling('Accept waits', summaryTable(shown))}${shown.map(({ lane, shard, accepted }) => scrolling(`Accept waits ${nameOf(lane, shard)}`, histogram(nameOf(lane, shard), accepted)))}</section>`
}

const nameOf = ({ label, summary }: Lane, shard: number): string =>
  [label, (summary.exact?.length ?? 0) > 1 || label === '' ? `shard ${shard}` : ''].filter(Boolean).join(' · ')

function summaryTable(shown: readonly { lane: Lane; shard: number; accepted: Accepted }[]): Html {
  return html`<table><thead><tr><th scope="col">accepted at</th><th scope="col" class="number">connections</th><th scope="col" class="number">mean</th>${told.map((share) => html`<th scope="col" class="number">${percent(share)}</th>`)}<th scope="col" class="number">longest</th></tr></thead>
<tbody>${shown.map(
    ({ lane, shard, accepted }) =>
      html`<tr><th scope="row">${nameOf(lane, shard)}</th><td class="number">${inWords(accepted.connections)}</td><td class="number">${duration(accepted.waitSumMs / accepted.connections)}</td>${[...told, 1].map((share) => html`<td class="number">${classInWords(accepted, share)}</td>`)}</tr>
`,
  )}</tbody></table>`
}

/** The class in which this share of the connections lies, from the shortest. */
function classInWords({ connections, waits }: Accepted, share: number): string {
  let seen = 0
  for (const [at, one] of waits.entries()) {
    seen += one.connections
    if (seen >= nearestRank(share, connections))
      return one.upToMs === null ? `> ${duration(waits[at - 1]?.upToMs ?? 0)}` : `≤ ${duration(one.upToMs)}`
  }
  return '–'
}

function histogram(name: string, { connections, waits }: Accepted): Html {
  const used = waits.flatMap((one, at) => (one.connections > 0 ? [at] : []))
  const [first = 0, last = 0] = [used[0], used.at(-1)]
  return html`<table class="waits"><thead><tr><th scope="col">${name}: had waited</th><th scope="col" class="number">connections</th><th scope="col">share</th></tr></thead>
<tbody>${waits.slice(first, last + 1).map((one, index) => {
    const before = waits[first + index - 1]?.upToMs ?? 0
    const range =
      one.upToMs === null
        ? `longer than ${duration(before)}`
        : `${before === 0 ? 'up to' : `${duration(before)} to`} ${duration(one.upToMs)}`
    const share = one.connections / connections
    return html`<tr><th scope="row">${range}</th><td class="number">${inWords(one.connections)}</td><td><meter min="0" max="1" value="${share.toFixed(4)}">${percent(share)}</meter> ${percent(share)}</td></tr>
`
  })}</tbody></table>`
}
