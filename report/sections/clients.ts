import { percent, plural, UNKNOWN } from '#common/quantities.ts'
import { columnsOf, measure, scrolling } from '../figure.ts'
import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import { type Connection, type Lane, largest, smallest } from '../lane.ts'
import { percentile, percentileAxis, steps, valuesToTell } from '../percentiles.ts'
import { percentilePlot } from '../plots/percentile-plot.ts'
import { axis, logAxis } from '../plots/scales.ts'
import { staircase } from '../plots/staircase.ts'
import { duration, inWords } from '../quantities.ts'
import { leftOut, sharedTops } from './shared.ts'

/** What the clients saw, connection by connection. */
export function clientsSection({ lanes }: Group): Html | undefined {
  const shown = lanes.filter(({ connections }) => connections.length > 0)
  if (shown.length === 0) return undefined
  return html`<section><h2>What the clients saw</h2><div class="measures">${connectTimes(shown)}${latencies(shown)}</div></section>`
}

function connectTimes(lanes: readonly Lane[]): Html | undefined {
  const spans = arrivalSpans(lanes)
  const heights = sharedTops(
    lanes.map(({ connections }) => ({
      wanted: 1.05 * largest(connections.map(({ connectMs }) => connectMs).filter(Number.isFinite), 1),
      matters: false,
    })),
  )
  const never = lanes.some(({ connections }) => connections.some(({ connectMs }) => !Number.isFinite(connectMs)))
  const all = lanes.reduce((sum, { connections }) => sum + connections.length, 0)
  return measure(
    {
      title: 'Time to connect',
      meaning: `A dot for each connection: when its SYN was sent, and how long until the SYN-ACK. A dropped SYN is retransmitted after about 1, 2, 3, 4, 5, 7, 11 s (before Linux 6.5 after 1, 3, 7, 15 s), which makes the steps. ${plural(all, 'connection')}; those in the same place are one dot. Only the time in which connections began is shown.`,
      rows: [
        lanes.map((lane, at) => {
          const backends = [...new Set(lane.connections.flatMap(({ backend }) => backend ?? []))].sort(byNumber)
          const told = backends.length > 1 ? backends.slice(0, 8) : []
          const unanswered = lane.connections.some(
            ({ backend, connectMs }) => backend === undefined && Number.isFinite(connectMs),
          )
          return {
            label: lane.label,
            ...(told.length === 0
              ? {}
              : {
                  legend: [
                    ...told.map((name, place) => ({ name, colour: place + 1, note: answered(lane, name) })),
                    ...(unanswered || backends.length > 8
                      ? [{ name: 'no answer, or another backend', colour: 'plain' as const }]
                      : []),
                  ],
                }),
            plot: staircase({
              title: `Time to connect ${lane.label}`,
              lane,
              never,
              span: spans.get(lane)!,
              backends: told,
              height: 170,
              columns: columnsOf(lanes.length),
              axis: axis(heights.tops[at]!, 'ms'),
            }),
          }
        }),
      ],
    },
    'full',
  )
}

/** From the first SYN to the last, with a margin: the same for all lanes unless that would squeeze them. */
function arrivalSpans(lanes: readonly Lane[]): Map<Lane, readonly [number, number]> {
  const own = lanes.map(({ connections }): [number, number] => {
    const started = connections.map(({ startedMs }) => startedMs).filter(Number.isFinite)
    return [smallest(started), largest(started)]
  })
  const all: [number, number] = [smallest(own.map(([from]) => from)), largest(own.map(([, to]) => to))]
  const longest = largest(own.map(([from, to]) => to - from))
  const squeezed = all[1] - all[0] > 3 * Math.max(longest, 1)
  return new Map(
    lanes.map((lane, at) => {
      const [from, to] = squeezed ? own[at]! : all
      const room = Math.max(0.5, (to - from) * 0.04)
      return [lane, [from - room, to + room]]
    }),
  )
}

const answered = ({ connections }: Lane, name: string): string =>
  inWords(connections.filter(({ backend }) => backend === name).length)

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

const latencyKinds: readonly { name: string; read: (connection: Connection) => number }[] = [
  { name: 'connect', read: ({ connectMs }) => connectMs },
  { name: 'accept wait', read: ({ acceptWaitMs }) => acceptWaitMs },
  { name: 'first byte', read: ({ firstByteMs }) => firstByteMs },
  { name: 'total', read: ({ totalMs }) => totalMs },
]

interface Curve {
  name: string
  colour: number
  dashed: boolean
  /** Ascending milliseconds. */
  sorted: readonly number[]
}

const curvesOf = ({ connections }: Lane): Curve[] =>
  latencyKinds.flatMap(({ name, read }, at) => {
    const sorted = connections
      .map(read)
      .filter(Number.isFinite)
      .sort((a, b) => a - b)
    // It usually coincides with the line before it.
    return sorted.length === 0 ? [] : [{ name, colour: at + 1, dashed: name === 'total', sorted }]
  })

function latencies(lanes: readonly Lane[]): Html | undefined {
  const shown = lanes.map((lane) => ({ lane, curves: curvesOf(lane) })).filter(({ curves }) => curves.length > 0)
  const most = ({ curves }: { curves: Curve[] }): number =>
    largest(
      curves.map(({ sorted }) => sorted.length),
      0,
    )
  const widest = percentileAxis(largest(shown.map(most), 0))
  const times = logAxis(shown.flatMap(({ curves }) => curves.flatMap(({ sorted }) => sorted)))
  return measure(
    {
      title: 'Latency by percentile',
      meaning: `Both axes are logarithmic: each further nine takes the same width. Connect is the time from the SYN to the SYN-ACK; first byte and total count from the scheduled moment, so that a late client cannot hide its own lag. Accept wait is what the kernel reported to the backend, accurate to one jiffy; 0 is drawn on the lower edge. Shaded: only the slowest connection.${leftOut(
        lanes,
        shown.map(({ lane }) => lane),
      )}`,
      rows: [
        shown.map((one) => ({
          label: one.lane.label,
          note: support(most(one)),
          legend: one.curves.map(({ name, colour, dashed }) => ({ name, colour, dashed })),
          plot: percentilePlot({
            title: `Latency by percentile ${one.lane.label}`,
            curves: one.curves.map(({ sorted, ...curve }) => ({ ...curve, steps: steps(sorted) })),
            axis: times,
            height: 190,
            columns: columnsOf(shown.length),
            percentiles: { ...widest, told: Math.min(percentileAxis(most(one)).told, widest.end) },
          }),
        })),
      ],
      after: scrolling('Latencies', table(shown)),
    },
    'full',
  )
}

const told = [0.5, 0.9, 0.99, 0.999, 0.9999] as const

/** Which percentiles this many connections support. */
function support(count: number): string {
  const beyond = told.find((share) => count < valuesToTell(share))
  const all = plural(count, 'connection')
  if (beyond === undefined) return all
  return `${all}, too few for ${percent(beyond)} and above: that takes ${inWords(valuesToTell(beyond))}`
}

function table(shown: readonly { lane: Lane; curves: readonly Curve[] }[]): Html {
  const several = shown.length > 1
  return html`<table class="latencies"><thead><tr>${several && html`<td></td>`}<th scope="col">time</th><th scope="col" class="number">connections</th><th scope="col" class="number">min</th>${told.map((share) => html`<th scope="col" class="number">${percent(share)}</th>`)}<th scope="col" class="number">max</th></tr></thead>
<tbody>${shown.map(({ lane, curves }) =>
    curves.map(
      ({ name, colour, dashed, sorted }, at) =>
        html`<tr class="${at === 0 && several ? 'first' : ''}">${several && html`<td>${at === 0 && html`<b>${lane.label}</b>`}</td>`}<th scope="row"><i class="c-${colour} ${dashed && 'dashed'}"></i>${name}</th><td class="number">${inWords(sorted.length)}</td><td class="number">${time(sorted[0])}</td>${told.map((share) => html`<td class="number">${time(percentile(sorted, share))}</td>`)}<td class="number">${time(sorted.at(-1))}</td></tr>
`,
    ),
  )}</tbody></table>`
}

const time = (ms: number | undefined): string => (ms === undefined || !Number.isFinite(ms) ? UNKNOWN : duration(ms))
