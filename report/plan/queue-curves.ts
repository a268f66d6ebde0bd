import { type Judgement, type QueueCurve, type ShardCurve, SYN_SAMPLED_EVERY_MS } from '#planner/answer.ts'
import { columnsOf, measure, type Panel } from '../figure.ts'
import type { Html } from '../html.ts'
import { largest } from '../lane.ts'
import { type Axis, axis } from '../plots/scales.ts'
import { timePlot } from '../plots/time-plot.ts'
import { duration, inWords, moment } from '../quantities.ts'
import { FAR_ABOVE } from '../sections/accept-queues.ts'
import type { Point } from '../thin.ts'
import { PREDICTED } from './colours.ts'

/** Time at either end in which no queue is longer than this share of the longest is not interesting, and cut off. */
const QUIET = 0.1
/** This many come and go although no client has to wait: they do not make a stretch busy, and are drawn small. */
const PASSING = 3
/** The axis reaches at least this far, if the queue holds as many. */
const LEAST_TOP = 10
/** The margin around the part shown, as a share of it. */
const ROOM = 0.12
/** If more than this share is left, nothing is cut off. */
const MOST_OF_IT = 0.6

/** The length of each shard's accept queue over time, as predicted and as measured. */
export function queueCurves({ queues, predicted: { basis }, played }: Judgement): Html | undefined {
  const [first] = queues
  if (first === undefined) return undefined
  const { everyMs } = first
  const peak = largest(queues.flatMap(highest), 1)
  const levels = queues.map(({ limit }) => limit + 1).filter((level) => level <= FAR_ABOVE * peak)
  const { span, whole, outside } = shownOf(queues, peak)
  const room = Math.min(LEAST_TOP, largest(queues.map(({ limit }) => limit + 1)))
  const scales = {
    axis: axis(1.12 * largest([...levels, room], peak), 'count'),
    span,
    columns: columnsOf(queues.length),
  }
  const cut = span[0] > whole[0] || span[1] < whole[1]
  return measure(
    {
      title: 'Accept queue',
      meaning: `Connections that are waiting for accept(), for each listening socket; time counts from the start of the schedule. A point is the longest queue in ${duration(everyMs)}. Predicted by simulation (${basis}): the mean, and the band in which 95 % of the runs lie. Measured: what the kernel reported, sampled every ${duration(played.sampledEveryMs)}, so a shorter peak may be missing; a gap has no samples.${cut ? ` Shown: ${moment(span[0])} to ${moment(span[1])} of ${moment(whole[1])}; outside it no queue was longer than ${inWords(outside)}.` : ''}`,
      rows: [
        queues.map((queue) =>
          panelOf(queue, { title: 'Accept queue', label: labelOf(queue, queues), stalls: queue.stalls }, scales),
        ),
      ],
    },
    'full',
  )
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)

const highest = ({ predicted, measured }: QueueCurve): number[] => [
  largest(predicted.high, 0),
  largest(known(measured), 0),
]

/** The time in which something happened, with a margin; the whole time if that is most of it. */
function shownOf(queues: readonly QueueCurve[], peak: number) {
  const everyMs = queues[0]!.everyMs
  const pieces = largest(queues.map(({ predicted, measured }) => Math.max(predicted.high.length, measured.length)))
  const tops = Array.from({ length: pieces }, (_, piece) =>
    largest(
      queues.flatMap(({ predicted, measured }) => [predicted.high[piece] ?? 0, measured[piece] ?? 0]),
      0,
    ),
  )
  const busy = (top: number): boolean => top > Math.max(PASSING, QUIET * peak)
  const [from, to] = [tops.findIndex(busy), tops.findLastIndex(busy) + 1]
  const room = Math.ceil(ROOM * (to - from))
  const [begin, end] = [Math.max(0, from - room), Math.min(pieces, to + room)]
  const whole = [0, pieces * everyMs] as const
  if (to === 0 || end - begin > MOST_OF_IT * pieces) return { span: whole, whole, outside: 0 }
  const outside = largest([...tops.slice(0, begin), ...tops.slice(end)], 0)
  return { span: [begin * everyMs, end * everyMs] as const, whole, outside }
}

const labelOf = ({ shard }: ShardCurve, all: readonly ShardCurve[]): string =>
  all.length > 1 ? `shard ${shard + 1}` : ''

/** Half-open requests over time, if clients were to leave some. */
export function synQueueCurve({ synQueue, predicted: { basis } }: Judgement): Html | undefined {
  if (synQueue === null) return undefined
  const { everyMs, limit, predicted, measured } = synQueue
  const peak = largest([...predicted.high, ...known(measured)], 1)
  const span = [0, Math.max(1, measured.length) * everyMs] as const
  const scales = {
    axis: axis(1.12 * (limit + 1 <= FAR_ABOVE * peak ? Math.max(peak, limit + 1) : peak), 'count'),
    span,
  }
  return measure(
    {
      title: 'SYN queue',
      meaning: `Half-open requests of all sockets of the port together: the kernel does not show which socket they belong to. A point is the longest queue in ${duration(everyMs)}. Predicted by simulation (${basis}); measured every ${duration(SYN_SAMPLED_EVERY_MS)}.`,
      rows: [[panelOf(synQueue, { title: 'SYN queue', label: '', stalls: [] }, { ...scales, columns: columnsOf(1) })]],
    },
    'full',
  )
}

interface Described {
  title: string
  label: string
  stalls: ShardCurve['stalls']
}

interface Scales {
  axis: Axis
  span: readonly [number, number]
  columns: number
}

function panelOf({ limit, everyMs, ...queue }: QueueCurve, of: Described, scales: Scales): Panel {
  const points = (values: readonly (number | null)[]): Point[] => pointsOf(values, everyMs)
  const upTo = (values: readonly number[]): string => `up to ${inWords(Math.round(10 * largest(values, 0)) / 10)}`
  const { low, mean, high } = queue.predicted
  const [lows, means, highs, measured] = [low, mean, high, queue.measured].map(points)
  const { title, label, stalls } = of
  const far = limit + 1 > scales.axis.top
  const spread = high.some((value, piece) => value > low[piece]!)
  return {
    label,
    note: `full at ${inWords(limit + 1)}${far ? ', far above' : ''}`,
    legend: [
      { name: 'predicted', colour: PREDICTED, dashed: true, note: upTo(mean) },
      ...(spread ? [{ name: '95 % of the runs', colour: PREDICTED, band: true, note: upTo(high) }] : []),
      { name: 'measured', colour: 'water', note: upTo(known(queue.measured)) },
    ],
    plot: timePlot({
      title: `${title}, predicted and measured ${label}`,
      phases: stalls.map(({ fromMs, toMs }) => ({ name: 'stalled', tMs: fromMs, endMs: toMs })),
      ...scales,
      quantity: 'count',
      height: 190,
      bands: spread ? [{ name: '95 %', colour: PREDICTED, low: lows!, high: highs! }] : [],
      lines: [
        { name: 'measured', colour: 'water', points: measured! },
        { name: 'predicted', colour: PREDICTED, points: means!, dashed: true },
      ],
      level: { value: limit + 1, label: `full: ${inWords(limit)} + 1` },
    }),
  }
}

/** The beginning of each piece, and the end of a piece without a successor. */
const pointsOf = (values: readonly (number | null)[], everyMs: number): Point[] =>
  values.flatMap((value, piece) => {
    const begin = { t: piece * everyMs, v: value ?? Number.NaN }
    const followed = (values[piece + 1] ?? null) !== null
    return value === null || followed ? [begin] : [begin, { t: (piece + 1) * everyMs, v: value }]
  })
