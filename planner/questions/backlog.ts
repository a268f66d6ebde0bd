import { bytes, duration, number, plural } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings, comparisonTable } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { neededBacklog } from '../closed/forecast.ts'
import { memoryOfFullQueues } from '../memory.ts'
import type { Outcome } from '../outcome.ts'
import { promiseInWords } from '../promise.ts'
import { simulated } from '../replicate.ts'
import { type Found, smallestBacklogByPlay } from '../search.ts'
import { type Situation, serviceMs, socketsOf } from '../situation.ts'
import { unstable } from './unstable.ts'

const QUESTION = 'Which backlog?'

/** The smallest backlog for a target of loss, or of wait. */
export function backlogQuestion(situation: Situation): Answer {
  const hopeless = unstable(QUESTION, situation)
  if (hopeless !== undefined) return hopeless
  const closed = neededBacklog(situation)
  const found = smallestBacklogByPlay(situation, closed?.result.value)
  const outcomes: Outcome[] = []
  if (closed !== undefined)
    outcomes.push({ method: 'closed form', basis: 'see below', estimates: { backlog: closed.result } })
  outcomes.push({ method: 'simulation', basis: plural(found.runs, 'run'), estimates: { backlog: found.estimate } })
  // Where the two agree both are right, and the larger one is safe. What few runs only let guess, a closed form knows.
  const { estimate, extrapolated } = found
  const played = extrapolated && closed !== undefined ? estimate.low : estimate.value
  const backlog = Math.ceil(Math.max(played, closed?.result.value ?? 0))
  const then = simulated(situation, backlog)
  const promise = promiseInWords(situation, extrapolated && closed === undefined)
  const memory = memoryOfFullQueues(backlog)
  const { sockets } = socketsOf(situation)
  const parts = answerOf({
    question: QUESTION,
    answer: [
      `A backlog of ${number(backlog)} on ${sockets === 1 ? 'the socket' : `each of the ${number(sockets)} sockets`}: then ${promise}.`,
      ...(backlog > situation.somaxconn
        ? [
            `Raise net.core.somaxconn first: it is ${number(situation.somaxconn)}, and listen() silently takes the smaller of the two.`,
          ]
        : []),
      ...waitWords(situation, backlog, then.estimates.acceptWaitP99Ms?.value ?? 0),
    ],
    settings: backlogSettings(backlog, situation),
    table: comparisonTable(outcomes),
    why: [
      ...(closed?.why ?? ['No closed form covers this case; the number is the simulation’s.']),
      `Full, the queues of one socket hold ${bytes(memory.acceptQueue + memory.synQueue)} of kernel memory.`,
    ],
    howSure: [...alone(found, closed !== undefined), ...assumptionsOf(situation)],
    outcomes,
    data: {
      backlog,
      somaxconn: Math.max(backlog, situation.somaxconn),
      estimates: Object.fromEntries(outcomes.map(({ method, estimates }) => [method, estimates.backlog])),
      atThisBacklog: then.estimates,
    },
  })
  if (parts.disagreements.length === 0) return parts
  const numbers = outcomes.map(({ method, estimates }) => `${number(estimates.backlog!.value)} (${method})`)
  return {
    ...parts,
    answer: [
      `Between ${numbers.join(' and ')}: the ways of predicting disagree, and the settings below take the larger number.`,
      ...parts.answer.slice(1),
    ],
  }
}

/** How far to trust a simulation that nothing stands beside. */
const alone = ({ estimate, runs, extrapolated }: Found, closed: boolean): string[] =>
  closed || (!extrapolated && estimate.high <= 1.5 * estimate.value + 1)
    ? []
    : [
        `The number rests on ${plural(runs, 'simulated run')}${extrapolated ? `, and lies beyond what they needed (at least ${number(estimate.low)}): so few do not show what happens once in a hundred` : ' that differ much'}. Near its capacity a system varies more from hour to hour than a simulation of seconds can tell: leave room, or add capacity.`,
      ]

/** A longer queue never shortens a wait: where a target of wait is missed, say what would help. */
function waitWords(situation: Situation, backlog: number, p99Ms: number): string[] {
  const { waitMs } = situation.target
  if (waitMs === undefined) return []
  const service = serviceMs(situation)
  if (p99Ms <= waitMs)
    return [`99 % of the accept waits are ${duration(p99Ms)} or less; ${duration(waitMs)} were asked for.`]
  const most = service === 0 ? undefined : Math.max(0, Math.floor(waitMs / service) - 1)
  return [
    `But 99 % of the accept waits only stay below ${duration(p99Ms)}, not ${duration(waitMs)}, and no backlog mends that: a longer queue never shortens a wait.`,
    most !== undefined && most < backlog
      ? `A backlog of ${number(most)} would bound the wait by dropping who would wait longer: (N + 1) × ${duration(service)}. Both together need more backends or cheaper accepts.`
      : 'It is the stall that they wait for: only shorter stalls help.',
  ]
}
