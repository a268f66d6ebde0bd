import { type Answer, answerOf, backlogSettings } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { neededBacklog } from '../closed/forecast.ts'
import { smallestBacklogByPlay } from '../search.ts'
import { type Situation, utilisation } from '../situation.ts'
import { number, percent } from '../words.ts'

const MOST = 1024

/** How many backends a load needs: with the backlog that is set, or to carry it at all; and what one more buys. */
export function backendsQuestion(situation: Situation): Answer {
  const { backlog, target } = situation
  const withBackends = (backends: number): Situation => ({ ...situation, backends })
  const needed = (backends: number): number => {
    const one = withBackends(backends)
    return utilisation(one) >= 1
      ? Number.POSITIVE_INFINITY
      : (neededBacklog(one)?.result ?? smallestBacklogByPlay(one).estimate).value
  }
  const enough = (backends: number): boolean =>
    backlog === undefined
      ? utilisation(withBackends(backends)) < 0.8
      : needed(backends) <= Math.min(backlog, situation.somaxconn)
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
      answer: [`Not even ${number(MOST)} are enough with a backlog of ${number(backlog ?? 0)}.`],
      data: {},
    })
  const shown = [...new Set([low - 1, low, low + 1, low * 2, situation.backends])]
    .filter((n) => n > 0)
    .sort((a, b) => a - b)
  const atLow = needed(low)
  const check = smallestBacklogByPlay(withBackends(low)).estimate
  return answerOf({
    question,
    answer: [
      backlog === undefined
        ? `${number(low)}: with fewer, each is busy for more than 80 % of its time. Each then needs a backlog of ${number(atLow)}.`
        : `${number(low)} with a backlog of ${number(backlog)} each: ${target.delayedShare > 0 ? `at most ${percent(target.delayedShare)} lose a SYN` : `nothing is dropped, with ${percent(target.sureness)} certainty`}.`,
    ],
    settings: backlogSettings(Math.ceil(backlog ?? atLow), situation),
    table: {
      columns: ['backends', 'load', 'smallest backlog of each'],
      rows: shown.map((n) => [
        number(n),
        percent(utilisation(withBackends(n))),
        Number.isFinite(needed(n)) ? number(Math.ceil(needed(n))) : 'none is enough',
      ]),
    },
    why: [
      ...(neededBacklog(withBackends(low))?.why ?? []),
      'Each backend more takes its share of the arrivals, so what comes to one that stands still is the less; the share that the hash deals unevenly grows.',
    ],
    howSure: [
      `The simulation says ${number(check.value)} (${number(check.low)} to ${number(check.high)}) for ${number(low)} backends.`,
      ...assumptionsOf(withBackends(low)),
    ],
    data: { backends: low, smallestBacklog: atLow, simulated: check },
  })
}
