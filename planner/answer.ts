/** What the planner says to a question: the same for a terminal, JSON and a page. */

import { duration, number, percent } from '#common/quantities.ts'
import { type Disagreement, disagreements, type Estimate, type Outcome, quantities } from './outcome.ts'

/** A setting in the spelling of one place: a server, `sysctl`, or `server` for one whose spelling is not known. */
export interface Setting {
  where: string
  text: string
  /** The backlog that it sets, where it sets one. */
  backlog?: number
}

export interface Table {
  columns: string[]
  rows: string[][]
}

export interface Answer {
  question: string
  /** Plain words; the first sentence is the answer. */
  answer: string[]
  settings: Setting[]
  table: Table
  /** The formula with the numbers in it. */
  why: string[]
  /** Intervals, assumptions, and what would break it. */
  howSure: string[]
  /** What each way of predicting says. */
  outcomes: Outcome[]
  /** Where they differ by more than their errors. Then the planner does not choose. */
  disagreements: Disagreement[]
  /** The numbers of the answer, for machines. */
  data: Record<string, unknown>
  /** What a lab said of it, a judgement for each setting that it has played; empty where none was asked. */
  lab: Judgement[]
}

/** What a lab said of one setting. */
export interface Judgement {
  /** What was played: `a backlog of 59`. */
  name: string
  verdict: 'agrees' | 'contradicts' | 'not judged'
  /** Why it could not be judged; null if it could. */
  reason: string | null
  /** What the simulation says of one run in this lab; what the kernel did; and the simulation of what really happened. */
  predicted: Outcome
  measured: Outcome
  asItHappened: Outcome
  disagreements: Disagreement[]
  /** By shard. */
  queues: ShardCurve[]
  /** Half-open requests of the port, where clients were to leave some; else null. */
  synQueue: QueueCurve | null
  /** What the clients felt: what a share of the connections stays below. Null for those that this never happened to. */
  connectMs: QuantileCurve
  acceptWaitMs: QuantileCurve
  played: {
    connections: number
    scheduleLagP99Ms: number
    acceptMs: number | null
    outcomes: Record<string, number>
    /** How often the accept queues were sampled. */
    sampledEveryMs: number
  }
}

/** How often a lab samples the SYN queue. */
export const SYN_SAMPLED_EVERY_MS = 20

/** One socket's accept queue. */
export interface ShardCurve extends QueueCurve {
  shard: number
  /** When a loop that accepts from it stood still, as it was. */
  stalls: { fromMs: number; toMs: number }[]
}

/** The longest queue in each of many equal pieces of time from the zero of the schedule on. */
export interface QueueCurve {
  /** N; N + 1 fit. */
  limit: number
  everyMs: number
  /** Between `low` and `high` lie 95 % of the simulated runs. */
  predicted: { low: number[]; mean: number[]; high: number[] }
  /** Of the samples; null where there was none. */
  measured: (number | null)[]
}

export interface QuantileCurve {
  shares: number[]
  predicted: (number | null)[]
  measured: (number | null)[]
}

/** An answer with nothing in it but what is given; disagreements are found. */
export const answerOf = (parts: Partial<Answer> & Pick<Answer, 'question' | 'answer'>): Answer => ({
  settings: [],
  table: { columns: [], rows: [] },
  why: [],
  howSure: [],
  outcomes: [],
  data: {},
  lab: [],
  ...parts,
  disagreements: disagreements(parts.outcomes ?? []),
})

/** What fits into the int that listen() and the sysctl take. */
const MOST_BACKLOG = 2_147_483_647

/**
 * A setting of the backlog, in every place that has a say in it, in the order in which it has to be done. Each line can be
 * copied and means what it says: no server takes a 0 as such (Node makes 511 of it, as of any value that is not true; nginx
 * has "invalid backlog"), so 1 is the least that is written.
 */
export function backlogSettings(asked: number, situation: { somaxconn: number; mode: string }): Setting[] {
  const sharded = situation.mode === 'sharded'
  const backlog = Math.min(MOST_BACKLOG, Math.max(1, asked))
  const least = (comment: string, why: string): string =>
    asked < 1 ? `   ${comment} the least there is, and 2 connections fit: ${why}` : ''
  const servers: Setting[] = [
    {
      where: 'Node',
      backlog,
      text: `server.listen({ port, host, backlog: ${backlog}${sharded ? ', reusePort: true' : ''} })${least('//', 'Node takes 0 for 511')}`,
    },
    {
      where: 'nginx',
      backlog,
      text: `listen 8080${sharded ? ' reuseport' : ''} backlog=${backlog};${least('#', 'nginx refuses 0')}`,
    },
  ]
  return backlog > situation.somaxconn
    ? [
        {
          where: 'sysctl',
          text: `sysctl -w net.core.somaxconn=${backlog}   # first: it is ${situation.somaxconn}, and listen() takes no more; then listen again`,
        },
        ...servers,
      ]
    : [...servers, { where: 'sysctl', text: `# net.core.somaxconn stays ${situation.somaxconn}, which is enough` }]
}

/** Where somaxconn grants less than is asked for, `of` what; nothing where it does not. */
export const grantedWords = ({ backlog, somaxconn }: { backlog: number; somaxconn: number }, of = ''): string[] =>
  backlog > somaxconn
    ? [
        `net.core.somaxconn grants only ${number(somaxconn)} of the ${number(backlog)}${of === '' ? '' : ` of ${of}`}: listen() takes the smaller one, and so does this answer.`,
      ]
    : []

const shares = new Set(['delayedShare', 'falseShare', 'lostShare', 'lateShare'])

/** An estimate in words, with its unit. */
export function estimateInWords(quantity: string, estimate: Estimate): string {
  const { value, low, high } = quantity === 'backlog' ? inWhole(estimate) : estimate
  const show = shares.has(quantity) ? percent : quantity.endsWith('Ms') ? duration : number
  if (high === Number.POSITIVE_INFINITY)
    return value > low ? `${show(value)} (at least ${show(low)})` : `at least ${show(low)}`
  return show(low) === show(high) ? show(value) : `${show(value)} (${show(low)} to ${show(high)})`
}

/** There is no part of a place in a queue: the interval is not made narrower. */
const inWhole = ({ value, low, high }: Estimate): Estimate => ({ value, low: Math.floor(low), high: Math.ceil(high) })

/** All methods beside each other, a row for each quantity that one of them gives. */
export function comparisonTable(outcomes: readonly Outcome[]): Table {
  const rows = Object.entries(quantities).flatMap(([quantity, words]) => {
    const cells = outcomes.map(({ estimates }) => {
      const estimate = estimates[quantity as keyof typeof quantities]
      return estimate === undefined ? '–' : estimateInWords(quantity, estimate)
    })
    return cells.every((cell) => cell === '–') ? [] : [[words, ...cells]]
  })
  return { columns: ['', ...outcomes.map(({ method }) => method)], rows }
}

/** A disagreement in a sentence. */
export function disagreementInWords({ quantity, methods, estimates }: Disagreement): string {
  const [one, other] = estimates.map((estimate) => estimateInWords(quantity, estimate))
  return `${quantities[quantity]}: ${methods[0]} says ${one}, ${methods[1]} says ${other}. That is more than their errors allow${methods.includes('lab') ? ': what the kernel did is what counts.' : ', so neither is chosen; a confirmation in the lab (--confirm) decides.'}`
}
