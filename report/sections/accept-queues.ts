import { columnsOf, measure, type Panel } from '../figure.ts'
import type { Html } from '../html.ts'
import { type Lane, largest, peakOf, type Shard } from '../lane.ts'
import { axis } from '../plots/scales.ts'
import { timePlot } from '../plots/time-plot.ts'
import { inWords } from '../quantities.ts'
import { usualInterval } from '../sampling.ts'
import type { Point } from '../thin.ts'
import { differing, leftOut, sharedSpans, sharedTops } from './shared.ts'

/** A level this many times higher than anything seen would flatten the plot, so it is given in words. */
export const FAR_ABOVE = 4

/** The queue of each listening socket, with the length at which it is full. */
export function acceptQueues(lanes: readonly Lane[]): Html | undefined {
  const shown = lanes.filter(
    ({ shards, summary }) =>
      shards.some(({ length }) => peakOf(length) > 0) || summary.exact?.some(({ peak }) => peak > 0) === true,
  )
  const spans = sharedSpans(shown)
  const heights = sharedTops(shown.map(heightOf))
  const columns = columnsOf(shown.flatMap(({ shards }) => shards).length)
  const rows = shown.map((lane, at) =>
    lane.shards.map((shard) => panelOf(lane, shard, { span: spans.get(lane)!, top: heights.tops[at]!, columns })),
  )
  const isExact = shown.some(({ summary }) => summary.exact !== undefined)
  const interval = usualInterval(shown.flatMap(({ shards }) => shards.map(({ length }) => length)))
  return measure(
    {
      title: 'Accept queue',
      meaning: `Connections that the kernel has completed and no process has accepted, for each listening socket. A backlog of N holds N + 1; beyond that SYNs are dropped. The line is sampled ${interval}: between two samples the length may have been different.${isExact ? ' A peak that is called exact is that of all connections that came, as BPF programs counted them.' : ''} A gap means that nothing was listening or the sampler was delayed.${differing(heights.common)}${leftOut(lanes, shown)}`,
      // If each lane has only one queue, they are shown side by side.
      rows: rows.every((row) => row.length === 1) ? [rows.flat()] : rows,
    },
    'full',
  )
}

interface Scales {
  span: readonly [number, number]
  top: number
  columns: number
}

function panelOf(lane: Lane, shard: Shard, { span, top, columns }: Scales): Panel {
  const limits = [...new Set(known(shard.limit))]
  const [limit = Number.NaN] = limits
  const constant = limits.length === 1
  const label = [lane.label, lane.shards.length > 1 ? `shard ${shard.number}` : ''].filter(Boolean).join(' · ')
  const scale = axis(top, 'count')
  const far = constant && limit + 1 > scale.top ? ', far above' : ''
  const fullAt = { name: 'full at', colour: 'level', points: shard.limit.map(({ t, v }) => ({ t, v: v + 1 })) } as const
  return {
    label,
    note: `${peakInWords(lane, shard)}${limits.length > 0 ? `, full at ${limits.map((one) => inWords(one + 1)).join(', then ')}${far}` : ''}`,
    plot: timePlot({
      title: `Accept queue ${label}`,
      phases: lane.summary.phases,
      span,
      axis: scale,
      columns,
      quantity: 'count',
      height: 150,
      lines: [{ name: 'length', colour: 'water', points: shard.length, filled: true }, ...(constant ? [] : [fullAt])],
      ...(constant ? { level: { value: limit + 1, label: `full: ${inWords(limit)} + 1` } } : {}),
      stressed: fullStretches(shard),
    }),
  }
}

/** The exact peak where there is one, and what the samples saw of it. */
function peakInWords({ summary }: Lane, { number, length }: Shard): string {
  const sampled = peakOf(length)
  const exact = summary.exact?.find(({ shard }) => shard === number)
  if (exact === undefined) return `peak ${inWords(sampled)} (sampled)`
  const full =
    exact.timesFull === 0 ? '' : `, full ${exact.timesFull === 1 ? 'once' : `${inWords(exact.timesFull)} times`}`
  const seen = sampled < exact.peak ? `, of which samples saw ${inWords(sampled)}` : ''
  return `peak ${inWords(exact.peak)} (exact)${seen}${full}`
}

/** An axis reaches to the peak of a lane, and to the length at which a queue is full unless that is far above. */
function heightOf({ shards }: Lane): { wanted: number; matters: boolean } {
  const peak = peakOf(...shards.map(({ length }) => length))
  const levels = shards.flatMap(({ limit }) => known(limit)).map((limit) => limit + 1)
  const near = levels.filter((level) => level <= FAR_ABOVE * peak)
  return { wanted: 1.12 * largest(near, peak), matters: near.length > 0 }
}

const known = (points: readonly Point[]): number[] => points.flatMap(({ v }) => (Number.isFinite(v) ? [v] : []))

/** When a queue was full according to the samples, and how long it was then. */
function fullStretches({ length, limit }: Shard): { from: number; to: number; v: number }[] {
  const found: { from: number; to: number; v: number }[] = []
  for (const [at, { t, v }] of length.entries()) {
    const next = length[at + 1]
    if (next === undefined || !(v > (limit[at]?.v ?? Number.NaN))) continue
    const last = found.at(-1)
    if (last !== undefined && last.v === v && t - last.to < 1) last.to = next.t
    else found.push({ from: t, to: next.t, v })
  }
  return found
}
