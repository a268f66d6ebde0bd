import { columnsOf, measure } from '../figure.ts'
import { type Html, html } from '../html.ts'
import { type Lane, peakOf } from '../lane.ts'
import { axis } from '../plots/scales.ts'
import { timePlot } from '../plots/time-plot.ts'
import { inWords } from '../quantities.ts'
import { differing, leftOut, sharedSpans, sharedTops } from './shared.ts'

/** The drops that the kernel counts for each socket, cumulative. */
export function drops(lanes: readonly Lane[]): Html | undefined {
  const shown = lanes.filter(({ shards }) => shards.some((shard) => peakOf(shard.drops) > 0))
  const spans = sharedSpans(shown)
  const heights = sharedTops(
    shown.map(({ shards }) => ({ wanted: peakOf(...shards.map((shard) => shard.drops)), matters: false })),
  )
  return measure({
    title: 'Drops, by socket',
    meaning: html`Drops that the kernel counts for each listening socket (<code>sk_drops</code>), cumulative. A dropped SYN counts 1, a final ACK that finds the queue full 2; some drops are not overflows. A new socket starts at 0.${differing(heights.common)}${leftOut(lanes, shown)}`,
    rows: [
      shown.map((lane, at) => {
        const lines = lane.shards.map(({ number, drops: points }, place) => ({
          name: `shard ${number}`,
          colour: (place % 8) + 1,
          points,
        }))
        return {
          label: lane.label,
          legend: lines.map(({ name, colour, points }) => ({ name, colour, note: inWords(peakOf(points)) })),
          plot: timePlot({
            title: `Drops ${lane.label}`,
            phases: lane.summary.phases,
            lines,
            span: spans.get(lane)!,
            quantity: 'count',
            columns: columnsOf(2),
            height: 120,
            axis: axis(heights.tops[at]!, 'count'),
          }),
        }
      }),
    ],
  })
}
