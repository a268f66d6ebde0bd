/** Measures of the whole port: a plot for each lane. */
import { columnsOf, measure } from '../figure.ts'
import type { Html } from '../html.ts'
import { type Lane, type PortColumn, peakOf } from '../lane.ts'
import { axis } from '../plots/scales.ts'
import { timePlot } from '../plots/time-plot.ts'
import { inWords, type Quantity } from '../quantities.ts'
import { usualInterval } from '../sampling.ts'
import type { Point } from '../thin.ts'
import { FAR_ABOVE } from './accept-queues.ts'
import { differing, leftOut, sharedSpans, sharedTops } from './shared.ts'

interface LaneMeasure {
  title: string
  meaning: string
  quantity: Quantity
  lines: readonly { name: string; read: (lane: Lane) => readonly Point[] }[]
  /** A level to mark, and its name. */
  level?: { name: string; of: (lane: Lane) => number }
}

const column =
  (name: PortColumn) =>
  ({ port }: Lane): readonly Point[] =>
    port[name]

export const synQueue: LaneMeasure = {
  title: 'SYN queue',
  meaning:
    'Half-open requests of the port: the SYN has arrived, the final ACK has not. A request does not name its listener, so the limit is the sum over all listening sockets of the port.',
  quantity: 'count',
  lines: [{ name: 'length', read: ({ synQueue: { length } }) => length }],
  level: { name: 'limit', of: ({ synQueue: { limit } }) => limit.at(-1)?.v ?? 0 },
}

export const portMeasures: readonly LaneMeasure[] = [
  {
    title: 'Oldest accept wait',
    meaning:
      'How long the oldest waiting connection had waited for accept(), sampled. Accurate to one jiffy, 4 ms at HZ = 250.',
    quantity: 'ms',
    lines: [{ name: 'oldest wait', read: column('oldest_wait_ms') }],
  },
  {
    title: 'Connections',
    meaning: 'Established connections of the port, and those of them that are waiting for accept().',
    quantity: 'count',
    lines: [
      { name: 'established', read: column('established') },
      { name: 'waiting', read: column('waiting') },
    ],
  },
  {
    title: 'Receive queues',
    meaning: 'Bytes that have arrived and that no process has read yet, over all connections of the port.',
    quantity: 'bytes',
    lines: [{ name: 'unread', read: column('receive_bytes') }],
  },
  {
    title: 'Send queues',
    meaning: 'Bytes that were written and that the peers have not acknowledged, over all connections of the port.',
    quantity: 'bytes',
    lines: [{ name: 'unacknowledged', read: column('send_bytes') }],
  },
  {
    title: 'Closed windows',
    meaning: 'Connections whose peer has closed its window: it accepts no more data.',
    quantity: 'count',
    lines: [{ name: 'zero windows', read: column('zero_windows') }],
  },
]

/** A measure as plots; undefined if it stayed at zero in all lanes. */
export function laneMeasure(lanes: readonly Lane[], described: LaneMeasure): Html | undefined {
  const { title, meaning, quantity, lines, level } = described
  const shown = lanes.filter((lane) => lines.some(({ read }) => peakOf(read(lane)) > 0))
  const spans = sharedSpans(shown)
  const heights = sharedTops(shown.map((lane) => heightOf(lane, described)))
  const interval = usualInterval(shown.map((lane) => lines[0]!.read(lane)))
  return measure({
    title,
    meaning: `${meaning} Read ${interval}.${differing(heights.common)}${leftOut(lanes, shown)}`,
    rows: [
      shown.map((lane, at) => {
        const drawn = lines.map(({ name, read }, place) => ({ name, colour: place + 1, points: read(lane) }))
        const [mark, scale] = [level?.of(lane), axis(heights.tops[at]!, quantity)]
        const levelWords = mark === undefined ? '' : `${level?.name} ${inWords(mark, quantity)}`
        const far = mark !== undefined && mark > scale.top ? `, ${levelWords}, far above` : ''
        const peak = (points: readonly Point[]): string => `peak ${inWords(peakOf(points), quantity)}`
        const [only] = drawn
        return {
          label: lane.label,
          ...(drawn.length === 1
            ? { note: `${peak(only!.points)}${far}` }
            : { legend: drawn.map(({ name, colour, points }) => ({ name, colour, note: peak(points) })) }),
          plot: timePlot({
            title: `${title} ${lane.label}`,
            phases: lane.summary.phases,
            quantity,
            span: spans.get(lane)!,
            axis: scale,
            columns: columnsOf(2),
            height: 120,
            lines: drawn.length === 1 ? [{ ...only!, colour: 'water', filled: true }] : drawn,
            ...(mark === undefined ? {} : { level: { value: mark, label: levelWords } }),
          }),
        }
      }),
    ],
  })
}

function heightOf(lane: Lane, { lines, level }: LaneMeasure): { wanted: number; matters: boolean } {
  const [peak, mark] = [peakOf(...lines.map(({ read }) => read(lane))), level?.of(lane) ?? 0]
  const near = mark > 0 && mark <= FAR_ABOVE * peak
  return { wanted: near ? Math.max(peak, mark) * 1.08 : peak, matters: near }
}
