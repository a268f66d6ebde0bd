/** Limits of a given setting: the rate at which drops begin, and the longest stall that is survived. */
import { type Answer, answerOf } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { neededBacklog } from '../closed/forecast.ts'
import { smallestBacklogByPlay } from '../search.ts'
import { type Situation, utilisation } from '../situation.ts'
import { duration, number, percent, plural, rate } from '../words.ts'
import { largest } from './scan.ts'
import { unstable } from './unstable.ts'

type Set = Situation & { backlog: number }

const survives = (situation: Set, byPlay: boolean): boolean => {
  if (utilisation(situation) >= 1) return false
  const closed = byPlay ? undefined : neededBacklog(situation)?.result
  const needed = closed ?? smallestBacklogByPlay(situation).estimate
  return needed.value <= Math.min(situation.backlog, situation.somaxconn)
}

const promise = ({ target }: Situation): string =>
  target.delayedShare > 0
    ? `at most ${percent(target.delayedShare)} lose a SYN`
    : `nothing is dropped, with ${percent(target.sureness)} certainty`

/** The knee: up to which rate nothing (or no more than the target) is dropped. */
export function rateQuestion(situation: Set): Answer {
  const { arrivals } = situation
  if (arrivals.shape === 'recorded') throw new TypeError('A recording has the rate it has')
  const at = (ratePerSecond: number): Set => ({ ...situation, arrivals: { ...arrivals, ratePerSecond } })
  const knee = largest(1, 10_000_000, (ratePerSecond) => survives(at(ratePerSecond), false))
  // The simulation is asked on both sides of what the closed form says.
  const holdsBelow = Number.isNaN(knee) || survives(at(knee * 0.93), true)
  const breaksAbove = Number.isNaN(knee) || !survives(at(knee * 1.07), true)
  const question = `Up to which rate is a backlog of ${number(situation.backlog)} enough?`
  if (Number.isNaN(knee))
    return answerOf({
      question,
      answer: ['At no rate: even one connection a second is dropped too often.'],
      data: { ratePerSecond: 0 },
    })
  return answerOf({
    question,
    answer: [
      `Up to ${rate(Math.floor(knee))} in all, ${rate(Math.floor(knee / situation.backends))} a backend: ${promise(situation)}. Above, drops begin.`,
      ...(holdsBelow && breaksAbove
        ? []
        : [
            `The simulation puts it elsewhere by more than 7 %: ${holdsBelow ? 'higher' : 'lower'}. Neither is chosen; --confirm decides.`,
          ]),
    ],
    table: {
      columns: ['rate', 'smallest backlog', ''],
      rows: [0.5, 0.8, 1, 1.25, 2].map((factor) => {
        const needed =
          utilisation(at(knee * factor)) >= 1
            ? undefined
            : (neededBacklog(at(knee * factor))?.result ?? smallestBacklogByPlay(at(knee * factor)).estimate).value
        return [
          rate(Math.round(knee * factor)),
          needed === undefined ? 'none is enough' : number(needed),
          needed !== undefined && needed <= situation.backlog ? 'fits' : 'too small',
        ]
      }),
    },
    why: neededBacklog(at(knee))?.why ?? ['Found by simulation at each rate.'],
    howSure: [
      `Closed form or simulation at each rate, within 0.5 %; the simulation ${holdsBelow && breaksAbove ? 'agrees within 7 % on both sides' : 'does not agree'}.`,
      ...assumptionsOf(situation),
    ],
    data: { ratePerSecond: knee, simulationAgrees: holdsBelow && breaksAbove },
  })
}

/** The longest stall that a setting survives. */
export function stallQuestion(situation: Set): Answer {
  const whom = situation.stall?.whom ?? 'one'
  const at = (ms: number): Set => ({ ...situation, stall: { ms, everyMs: undefined, whom } })
  const question = `Which stall does a backlog of ${number(situation.backlog)} survive?`
  const hopeless = unstable(question, { ...situation, stall: undefined })
  if (hopeless !== undefined) return hopeless
  const longest = largest(0.1, 600_000, (ms) => survives(at(ms), false))
  if (Number.isNaN(longest))
    return answerOf({ question, answer: ['None: it already drops without one.'], data: { stallMs: 0 } })
  const holdsBelow = survives(at(longest * 0.93), true)
  const breaksAbove = !survives(at(longest * 1.07), true)
  return answerOf({
    question,
    answer: [
      `One of ${duration(longest)} on ${whom === 'one' ? `one of ${plural(situation.backends, 'backend')}` : 'all backends at once'}: ${promise(situation)}.`,
      ...(holdsBelow && breaksAbove
        ? []
        : [
            `The simulation puts it elsewhere by more than 7 %: ${holdsBelow ? 'longer' : 'shorter'}. Neither is chosen; --confirm decides.`,
          ]),
    ],
    why: neededBacklog(at(longest))?.why ?? ['Found by simulation for each length.'],
    howSure: assumptionsOf(at(longest)),
    data: { stallMs: longest, simulationAgrees: holdsBelow && breaksAbove },
  })
}
