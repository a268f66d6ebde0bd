import { number, percent, plural } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings, estimateInWords, grantedWords } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { neededBacklog } from '../closed/forecast.ts'
import type { Outcome } from '../outcome.ts'
import { promiseInWords } from '../promise.ts'
import { reachesTarget, roughBacklog, smallestBacklogByPlay } from '../search.ts'
import { isOverloaded, type Situation, utilisation } from '../situation.ts'

const MOST = 1024

/** How many backends a load needs: with the backlog that is set, or to carry it at all; and what one more buys. */
export function backendsQuestion(situation: Situation): Answer {
  const { backlog } = situation
  const withBackends = (backends: number): Situation => ({ ...situation, backends })
  const known = new Map<number, number>()
  const needed = (backends: number): number => {
    const one = withBackends(backends)
    if (isOverloaded(one)) return Number.POSITIVE_INFINITY
    const need = known.get(backends) ?? neededBacklog(one)?.result.value ?? roughBacklog(one)
    known.set(backends, need)
    return need
  }
  const granted = Math.min(backlog ?? 0, situation.somaxconn)
  const enough = (backends: number): boolean => {
    const one = withBackends(backends)
    // Of what comes all at once the load cannot be told: one backend does it, in its time.
    if (backlog === undefined) return !Number.isFinite(utilisation(one)) || utilisation(one) < 0.8
    if (isOverloaded(one)) return false
    const closed = neededBacklog(one)?.result
    return closed === undefined ? reachesTarget(one, granted) : closed.value <= granted
  }
  let high = 1
  while (!enough(high) && high < MOST) high *= 2
  let low = Math.max(1, high >> 1)
  while (low < high) {
    const middle = (low + high) >> 1
    if (enough(middle)) high = middle
    else low = middle + 1
  }
  const question = 'How many backends?'
  if (!enough(low))
    return answerOf({
      question,
      answer: [
        `Not even ${number(MOST)} are enough with a backlog of ${number(backlog ?? 0)}.`,
        ...grantedWords({ ...situation, backlog: backlog ?? 0 }),
      ],
      data: {},
    })
  const shown = [...new Set([low - 1, low, low + 1, low * 2, situation.backends])]
    .filter((n) => n > 0)
    .sort((a, b) => a - b)
  const one = withBackends(low)
  const closed = neededBacklog(one)
  const check = smallestBacklogByPlay(one, closed?.result.value)
  const atLow = closed?.result.value ?? check.estimate.value
  known.set(low, atLow)
  const outcomes: Outcome[] = [
    ...(closed === undefined
      ? []
      : [{ method: 'closed form', basis: 'see below', estimates: { backlog: closed.result } } as const]),
    { method: 'simulation', basis: plural(check.runs, 'run'), estimates: { backlog: check.estimate } },
  ]
  return answerOf({
    question,
    answer: [
      backlog === undefined
        ? `${!Number.isFinite(utilisation(one)) ? '1: all of it comes at once, and is done in its time' : low === 1 ? `1: it is busy for ${percent(utilisation(one))} of its time` : `${number(low)}: with fewer, each is busy for more than 80 % of its time`}. Each then needs a backlog of ${number(Math.ceil(atLow))}.`
        : `${number(low)} with a backlog of ${number(backlog)} each: ${promiseInWords(situation)}.`,
      ...grantedWords({ ...situation, backlog: backlog ?? Math.ceil(atLow) }),
    ],
    settings: backlogSettings(backlog ?? Math.ceil(atLow), situation),
    table: {
      columns: ['backends', 'load', 'smallest backlog of each'],
      rows: shown.map((n) => [
        number(n),
        Number.isFinite(utilisation(withBackends(n))) ? percent(utilisation(withBackends(n))) : '–',
        Number.isFinite(needed(n)) ? number(Math.ceil(needed(n))) : 'none is enough',
      ]),
    },
    why: [
      ...(closed?.why ?? ['No closed form covers this case; the numbers are the simulation’s.']),
      situation.stall === undefined
        ? 'Each backend more takes its share of the arrivals, and so of the load.'
        : 'Each backend more takes its share of the arrivals, so what comes to one that stands still is the less; the unevenness of the hash grows.',
    ],
    howSure: [
      `The simulation says ${estimateInWords('backlog', check.estimate)} for ${plural(low, 'backend')}.`,
      ...assumptionsOf(one),
    ],
    outcomes,
    data: { backends: low, smallestBacklog: atLow, simulated: check.estimate },
  })
}
