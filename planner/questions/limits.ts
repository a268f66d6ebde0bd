/** Limits of a given setting: the rate at which drops begin, and the longest stall that is survived. */

import { duration, number, plural, rate } from '#common/quantities.ts'
import { type Answer, answerOf, comparisonTable, grantedWords } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { neededBacklog } from '../closed/forecast.ts'
import type { Outcome } from '../outcome.ts'
import { promiseInWords } from '../promise.ts'
import { reachesTarget, roughBacklog, smallestBacklogByPlay } from '../search.ts'
import {
  awakeShare,
  isOverloaded,
  ratePerSecond,
  relaxationMs,
  type Situation,
  serviceMs,
  socketsOf,
} from '../situation.ts'
import { largest } from './scan.ts'
import { unstable } from './unstable.ts'

type Set = Situation & { backlog: number }

const SLOWEST = 1 / 3600
const FASTEST = 10_000_000
const SHORTEST_MS = 0.1
const LONGEST_MS = 600_000
/** A rate is looked at for as long as so many connections take: more says little more, and takes long. */
const ENOUGH_CONNECTIONS = 50_000
const LEAST_MS = 200
/** A queue shows its balance after so many times its memory. */
const BALANCED = 21

const granted = ({ backlog, somaxconn }: Set): number => Math.min(backlog, somaxconn)

function survives(situation: Set): boolean {
  if (isOverloaded(situation)) return false
  const closed = neededBacklog(situation)?.result
  return closed === undefined ? reachesTarget(situation, granted(situation)) : closed.value <= granted(situation)
}

/** A simulation of few runs is not good to a hundredth. */
const precisionAt = (situation: Set): number => (neededBacklog(situation) === undefined ? 0.02 : 0.001)

/** What each way of predicting would need at the limit: as much as is granted, or they disagree. None where there is but one way. */
function waysAt(situation: Set): Outcome[] {
  const closed = neededBacklog(situation)?.result
  if (closed === undefined) return []
  const { estimate, runs } = smallestBacklogByPlay(situation, closed.value)
  return [
    { method: 'closed form', basis: 'at the limit', estimates: { backlog: closed } },
    { method: 'simulation', basis: `at the limit, ${plural(runs, 'run')}`, estimates: { backlog: estimate } },
  ]
}

const howWell = (outcomes: readonly Outcome[]): string =>
  outcomes.length > 0
    ? 'The limit is the closed form’s, within 0.1 %; the simulation was asked for the backlog that it takes.'
    : 'No closed form covers this case: the limit is the simulation’s, of few runs for each value, and is good to some 5 %.'

/** The knee: up to which rate nothing (or no more than the target) is dropped. */
export function rateQuestion(situation: Set): Answer {
  const { arrivals, stall, backends } = situation
  if (arrivals.shape === 'recorded') throw new TypeError('A recording has the rate it has')
  const at = (ratePerSecond: number): Set => {
    const everyMs = stall?.everyMs ?? 0
    const there = { ...situation, arrivals: { ...arrivals, ratePerSecond } }
    const usualMs = Math.max(situation.forMs, BALANCED * relaxationMs(there))
    const longMs = Math.max(LEAST_MS, Math.min(usualMs, (ENOUGH_CONNECTIONS / ratePerSecond) * 1000))
    return { ...there, forMs: everyMs === 0 ? longMs : Math.ceil(longMs / everyMs) * everyMs }
  }
  const capacity = (backends * awakeShare(situation) * 1000) / serviceMs(situation)
  const { sockets } = socketsOf(situation)
  const fills = stall === undefined ? FASTEST : ((granted(situation) + 1) * sockets * 1000) / stall.ms
  const knee = largest(
    { low: SLOWEST, high: Math.min(FASTEST, capacity), guess: Math.min(fills, capacity) / 4 },
    (ratePerSecond) => survives(at(ratePerSecond)),
    (ratePerSecond) => precisionAt(at(ratePerSecond)),
  )
  const question = `Up to which rate is a backlog of ${number(situation.backlog)} enough?`
  if (Number.isNaN(knee))
    return answerOf({
      question,
      answer: [
        `At no rate: even one connection in ${duration(1000 / SLOWEST)} is dropped too often.`,
        ...grantedWords(situation),
      ],
      data: { ratePerSecond: 0 },
    })
  if (knee === Number.POSITIVE_INFINITY)
    return answerOf({
      question,
      answer: [
        `Up to any that was looked at (${rate(FASTEST)}): ${promiseInWords(situation)}.`,
        ...grantedWords(situation),
      ],
      howSure: assumptionsOf(at(FASTEST)),
      data: { ratePerSecond: knee },
    })
  const outcomes = waysAt(at(knee))
  const whole = (perSecond: number): string => rate(perSecond < 100 ? perSecond : Math.floor(perSecond))
  return agreeing({
    question,
    answer: [
      `Up to ${whole(knee)} in all, ${whole(knee / backends)} a backend: ${promiseInWords(situation)}. Above, drops begin.`,
      ...grantedWords(situation),
    ],
    table: {
      columns: ['rate', 'smallest backlog', ''],
      rows: [0.5, 0.8, 1, 1.25, 2].map((factor) => {
        const there = at(knee * factor)
        const needed = isOverloaded(there) ? undefined : (neededBacklog(there)?.result.value ?? roughBacklog(there))
        return [
          whole(knee * factor),
          needed === undefined ? 'none is enough' : number(needed),
          needed !== undefined && needed <= granted(situation) ? 'fits' : 'too small',
        ]
      }),
    },
    why: neededBacklog(at(knee))?.why ?? ['Found by simulation at each rate.'],
    howSure: [howWell(outcomes), ...assumptionsOf(at(knee))],
    outcomes,
    data: { ratePerSecond: knee },
  })
}

/** The longest stall that a setting survives. */
export function stallQuestion(situation: Set): Answer {
  const whom = situation.stall?.whom ?? 'one'
  const at = (ms: number): Set => ({ ...situation, stall: { ms, everyMs: undefined, whom } })
  const question = `Which stall does a backlog of ${number(situation.backlog)} survive?`
  const hopeless = unstable(question, { ...situation, stall: undefined })
  if (hopeless !== undefined) return hopeless
  const fillsMs = ((granted(situation) + 1) * socketsOf(situation).sockets * 1000) / ratePerSecond(situation)
  const longest = largest(
    { low: SHORTEST_MS, high: LONGEST_MS, guess: fillsMs / 4 },
    (ms) => survives(at(ms)),
    (ms) => precisionAt(at(ms)),
  )
  if (Number.isNaN(longest))
    return answerOf({
      question,
      answer: ['None: it already drops without one.', ...grantedWords(situation)],
      data: { stallMs: 0 },
    })
  const where = whom === 'one' ? `one of ${plural(situation.backends, 'backend')}` : 'all backends at once'
  if (longest === Number.POSITIVE_INFINITY)
    return answerOf({
      question,
      answer: [
        `Any that was looked at, up to ${duration(LONGEST_MS)}, on ${where}: ${promiseInWords(situation)}.`,
        ...(situation.mode === 'shared' && situation.backends > 1 && whom === 'one'
          ? ['The others accept from the same socket meanwhile.']
          : []),
        ...grantedWords(situation),
      ],
      howSure: assumptionsOf(at(LONGEST_MS)),
      data: { stallMs: longest },
    })
  const outcomes = waysAt(at(longest))
  return agreeing({
    question,
    answer: [`One of ${duration(longest)} on ${where}: ${promiseInWords(situation)}.`, ...grantedWords(situation)],
    table: outcomes.length === 0 ? { columns: [], rows: [] } : comparisonTable(outcomes),
    why: neededBacklog(at(longest))?.why ?? ['Found by simulation for each length.'],
    howSure: [howWell(outcomes), ...assumptionsOf(at(longest))],
    outcomes,
    data: { stallMs: longest },
  })
}

/** Where the ways disagree about the limit, that is said at once. */
function agreeing(parts: Parameters<typeof answerOf>[0]): Answer {
  const answer = answerOf(parts)
  const agrees = answer.disagreements.length === 0
  return {
    ...answer,
    answer: agrees
      ? answer.answer
      : [...answer.answer, 'The ways of predicting disagree about it: neither is chosen; --confirm decides.'],
    data: { ...answer.data, simulationAgrees: agrees },
  }
}
