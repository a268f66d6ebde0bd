import { duration, number, percent, plural, rate } from '#common/quantities.ts'
import { type Answer, answerOf } from '../answer.ts'
import { ratePerSecond, type Situation, serviceMs } from '../situation.ts'

/** A load that grows, and instances that come some time after one has asked for them. */
export interface ScaleOutPlan {
  /** The rate at the end; the situation's own is that at the beginning. */
  toPerSecond: number
  /** How long it takes to grow that far, evenly. */
  withinMs: number
  /** From the decision until the new instance accepts. */
  delayMs: number
  /** How many more there are then. */
  more: number
}

/** Of the capacity: thresholds that autoscalers are given. */
const THRESHOLDS = [0.5, 0.6, 0.7, 0.8, 0.9, 1] as const

interface Late {
  threshold: number
  /** How long more comes than is accepted, before the new ones do. */
  overloadMs: number
  /** Who came in that time beyond what was accepted; and of them who found a place, and who did not. */
  beyond: number
  trapped: number
  refused: number
  /** How long the last of the trapped waits: its queue goes on being served at the old pace. */
  waitMs: number
}

/**
 * From which load on more instances must be asked for, so that they are there when they are needed; and who is trapped where
 * that is done later. A connection that is queued stays where it is: new instances take new connections only.
 */
export function scaleOutQuestion(situation: Situation & { scaleOut: ScaleOutPlan }): Answer {
  const { scaleOut, backends, client } = situation
  const { toPerSecond, withinMs, delayMs, more } = scaleOut
  const from = ratePerSecond(situation)
  const growth = (toPerSecond - from) / withinMs // a second, in each millisecond
  const capacity = (backends * 1000) / serviceMs(situation)
  const grown = (capacity * (backends + more)) / backends
  const question = `When must ${plural(more, 'more backend')} be asked for, if ${more === 1 ? 'it comes' : 'they come'} after ${duration(delayMs)}?`
  const named = `${plural(backends, 'backend')} ${backends === 1 ? 'carries' : 'carry'} ${rate(round(capacity))}`
  if (toPerSecond <= capacity)
    return answerOf({
      question,
      answer: [
        `Not at all: ${named}, and the load ends at ${rate(toPerSecond)}, ${percent(round(toPerSecond / capacity))} of it.`,
      ],
      data: { needed: false, capacity },
    })
  const threshold = (capacity - growth * delayMs) / capacity
  const rows = THRESHOLDS.map((share) => lateAt(situation, { share, from, growth, capacity }))
  const worst = rows.at(-1)!
  return answerOf({
    question,
    answer: [
      threshold * capacity <= from
        ? `At once, and that is too late: the load grows from ${rate(from)} to what ${named.replace(/ carr(?:ies|y) /, ' can carry, ')}, within ${duration(Math.max(0, capacity - from) / growth)}, and a new backend takes ${duration(delayMs)}.`
        : `At ${rate(round(threshold * capacity))}, ${percent(round(threshold))} of what is there now: ${named}, and the load grows by ${rate(round(growth * delayMs))} in the ${duration(delayMs)} until a new backend accepts.`,
      `Whoever waits for the full load (100 %) traps ${number(Math.round(worst.trapped))} connections in the old queues${worst.refused >= 1 ? `, and turns ${number(Math.round(worst.refused))} away` : ''}: they stay where they are, and the last of them waits ${duration(round(worst.waitMs))}${worst.waitMs > client.timeoutMs ? `, longer than the ${duration(client.timeoutMs)} of its client` : ''}.`,
      ...(toPerSecond > grown
        ? [
            `${plural(backends + more, 'backend')} do not carry ${rate(toPerSecond)} either: that takes ${number(Math.ceil((toPerSecond * serviceMs(situation)) / 1000 / 0.8))}, each at most 80 % busy.`,
          ]
        : []),
    ],
    table: {
      columns: [
        'asked for at',
        'load then',
        'overloaded for',
        'trapped in the old queues',
        'turned away',
        'the last one waits',
      ],
      rows: rows.map((row) => [
        percent(row.threshold),
        rate(round(Math.max(from, row.threshold * capacity))),
        duration(round(row.overloadMs)),
        number(Math.round(row.trapped)),
        number(Math.round(row.refused)),
        row.trapped < 1 ? '–' : duration(round(row.waitMs)),
      ]),
    },
    why: [
      `${rate(from)} to ${rate(toPerSecond)} within ${duration(withinMs)} is ${rate(round(growth * 1000))} more every second; ${rate(round(capacity))} − ${rate(round(growth * delayMs))} = ${rate(round(capacity - growth * delayMs))}.`,
      `What is trapped is what comes beyond the capacity while one waits: half the growth a second times the square of the time; with a backlog of ${number(Math.min(situation.backlog ?? 0, situation.somaxconn))} one more fits into each queue.`,
    ],
    howSure: [
      'Arithmetic of means, evenly grown. Chance and bursts fill queues before the load reaches the capacity: act a little earlier.',
      'An autoscaler that averages its reading over a time acts later by half of that: add it to --delay.',
      'Retries of those who are turned away are not counted; they come on top.',
    ],
    data: { needed: true, capacity, threshold, thresholdPerSecond: threshold * capacity, rows },
  })
}

function lateAt(
  situation: Situation & { scaleOut: ScaleOutPlan },
  { share, from, growth, capacity }: { share: number; from: number; growth: number; capacity: number },
): Late {
  const { scaleOut, backlog = 0, somaxconn, backends, mode } = situation
  const { toPerSecond, withinMs, delayMs } = scaleOut
  const askedAtMs = Math.max(0, (share * capacity - from) / growth)
  const readyAtMs = askedAtMs + delayMs
  const fullAtMs = Math.max(0, (capacity - from) / growth)
  const overloadMs = Math.max(0, readyAtMs - fullAtMs)
  const grows = Math.max(0, Math.min(readyAtMs, withinMs) - fullAtMs)
  const excess = Math.max(0, from - capacity)
  // Per second, over milliseconds; flat at the top once the growth has ended.
  const beyond =
    (excess * grows + (growth * grows ** 2) / 2 + Math.max(0, toPerSecond - capacity) * (overloadMs - grows)) / 1000
  const room = (Math.min(backlog, somaxconn) + 1) * (mode === 'sharded' ? backends : 1)
  const trapped = Math.min(room, beyond)
  return {
    threshold: share,
    overloadMs,
    beyond,
    trapped,
    refused: beyond - trapped,
    waitMs: (trapped / capacity) * 1000,
  }
}

/** To three digits, as far as means tell. */
const round = (value: number): number => Number(value.toPrecision(3))
