import { fullName, meanings, tcp, tcpExt } from '#kernel/queue-counters.ts'
import type { CaseSummary } from '#lab/experiment/verdict.ts'
import { columnsOf, measure, scrolling } from '../figure.ts'
import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import { bareName, type Lane, peakOf } from '../lane.ts'
import { axis } from '../plots/scales.ts'
import { spark } from '../plots/spark.ts'
import { type Line, timePlot } from '../plots/time-plot.ts'
import { inWords } from '../quantities.ts'
import type { Point } from '../thin.ts'
import { differing, leftOut, sharedSpans, sharedTops } from './shared.ts'

type Counter = CaseSummary['counters'][number]

/** Those that matter for queues and handshakes, in reading order. */
const telling = [...tcpExt, ...tcp].map(fullName)

/** The counters of the namespaces, over time and before and after. */
export function countersSection({ lanes }: Group): Html | undefined {
  const tables = (['server', 'client'] as const).map((host) => countersOf(lanes, host))
  if (tables.every((table) => table === undefined)) return undefined
  return html`<section><h2>The kernel’s counters</h2>
<p class="meaning">Named as in <code>/proc/net/netstat</code> and <code>/proc/net/snmp</code>. They count for a whole network namespace and do not distinguish sockets. Counters that did not move are left out.</p>
<div class="measures">${overTime(lanes)}</div>${tables}</section>`
}

function overTime(lanes: readonly Lane[]): Html | undefined {
  const drawn = lanes.map((lane) => ({ lane, lines: linesOf(lane) })).filter(({ lines }) => lines.length > 0)
  const spans = sharedSpans(drawn.map(({ lane }) => lane))
  const heights = sharedTops(
    drawn.map(({ lines }) => ({ wanted: peakOf(...lines.map(({ points }) => points)), matters: false })),
  )
  return measure(
    {
      title: 'Counters of the server over time',
      meaning: `The increase of each since the first phase began, read about every 100 ms. Counters that moved together share a line.${differing(heights.common)}${leftOut(
        lanes,
        drawn.map(({ lane }) => lane),
      )}`,
      rows: [
        drawn.map(({ lane, lines }, at) => ({
          label: lane.label,
          legend: lines.map(({ name, colour, points }) => ({ name, colour, note: inWords(points.at(-1)?.v) })),
          plot: timePlot({
            title: `Counters ${lane.label}`,
            phases: lane.summary.phases,
            lines,
            span: spans.get(lane)!,
            quantity: 'count',
            height: 170,
            columns: columnsOf(drawn.length),
            axis: axis(heights.tops[at]!, 'count'),
          }),
        })),
      ],
    },
    'full',
  )
}

/** The counters of TcpExt that moved; those that moved together are one line. */
function linesOf({ counters, span }: Lane): (Line & { colour: number })[] {
  const ways = new Map<string, { names: string[]; points: Point[] }>()
  for (const name of tcpExt) {
    const points = counters.get(name)
    if (points === undefined) continue
    const key = points.map(({ t, v }) => `${t} ${v}`).join()
    const way = ways.get(key) ?? { names: [], points: whole(points, span) }
    way.names.push(name)
    ways.set(key, way)
  }
  return [...ways.values()].map(({ names, points }, at) => ({ name: names.join(' = '), colour: (at % 8) + 1, points }))
}

/** A counter is recorded when it changes: before that its increase is 0, and afterwards it keeps its last value. */
const whole = (points: readonly Point[], [from, to]: readonly [number, number]): Point[] => [
  { t: from, v: 0 },
  ...points.filter(({ t }) => t > from && t < to),
  { t: to, v: points.at(-1)?.v ?? 0 },
]

function countersOf(lanes: readonly Lane[], host: Counter['host']): Html | undefined {
  const own = lanes.map(({ summary }) => summary.counters.filter((counter) => counter.host === host))
  const names = [...new Set(own.flatMap((counters) => counters.map(({ name }) => name)))]
  if (names.length === 0) return undefined
  const shown = telling.filter((name) => names.includes(name))
  const others = names.filter((name) => !telling.includes(name))
  const label = host === 'server' ? 'The server, before and after' : 'The clients, before and after'
  return html`<h3>${label}</h3>${
    shown.length > 0 &&
    scrolling(label, lanes.length === 1 ? one(lanes[0]!, own[0]!, shown, host) : several(lanes, own, shown))
  }${
    others.length > 0 &&
    html`<p class="also">${shown.length > 0 ? 'Also moved' : 'Moved'}${lanes.length > 1 && ` (${lanes.map((lane) => lane.label).join(' / ')})`}: ${others.map(
      (name, at) => {
        const changes = own.map((counters) => change(counters.find((counter) => counter.name === name)))
        return html`${at > 0 && ', '}<span><code>${bareName(name)}</code> ${changes.join(' / ')}</span>`
      },
    )}.</p>`
  }`
}

function one(lane: Lane, counters: readonly Counter[], shown: readonly string[], host: Counter['host']): Html {
  return html`<table class="counters"><thead><tr><th scope="col">counter</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th><th scope="col" class="number">increase</th>${host === 'server' && html`<th scope="col">over time</th>`}<th scope="col">what it counts</th></tr></thead>
<tbody>${shown.map((name) => {
    const { before = Number.NaN, after = Number.NaN } = counters.find((counter) => counter.name === name) ?? {}
    return html`<tr><th scope="row"><code>${bareName(name)}</code></th><td class="number">${inWords(before)}</td><td class="number">${inWords(after)}</td><td class="number gained">${inWords(after - before)}</td>${host === 'server' && html`<td class="over-time">${sparkOf(lane, name)}</td>`}<td class="what">${meanings.get(name)}</td></tr>
`
  })}</tbody></table>`
}

function sparkOf(lane: Lane, name: string): Html | undefined {
  const points = lane.counters.get(bareName(name))
  return points && spark(points, lane)
}

const several = (lanes: readonly Lane[], own: readonly (readonly Counter[])[], shown: readonly string[]): Html =>
  html`<table class="counters"><thead><tr><th scope="col">counter</th>${lanes.map(({ label }) => html`<th scope="col" class="number">${label}</th>`)}<th scope="col">what it counts</th></tr></thead>
<tbody>${shown.map(
    (name) => html`<tr><th scope="row"><code>${bareName(name)}</code></th>${own.map((counters) => {
      const counter = counters.find((candidate) => candidate.name === name)
      return html`<td class="number ${counter === undefined ? 'note' : ''}">${change(counter)}</td>`
    })}<td class="what">${meanings.get(name)}</td></tr>
`,
  )}</tbody></table>`

/** `+9` from 0, otherwise `5 → 14`; 0 if it did not move. */
const change = (counter: Counter | undefined): string =>
  counter === undefined
    ? '0'
    : counter.before === 0
      ? `+${inWords(counter.after)}`
      : `${inWords(counter.before)} → ${inWords(counter.after)}`
