import { duration, number, percent } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings, comparisonTable, grantedWords } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { retriesAtMs } from '../closed/clients.ts'
import { closedForm } from '../closed/forecast.ts'
import { Distribution } from '../distribution.ts'
import type { Outcome, Quantity } from '../outcome.ts'
import { joined, type PlayedNumbers, simulated } from '../replicate.ts'
import { isOverloaded, type Situation, utilisation } from '../situation.ts'

/** The steps of the client's staircase: a dropped SYN costs a second, two cost two, … */
const STEPS_MS = [900, 1900, 2900, 4900, 9900]

/** Of those who count: shares of the connects above each step, and quantiles of connects and waits, over all runs. */
function staircase(runs: readonly PlayedNumbers[]) {
  const connect = new Distribution(joined(runs.map(({ felt }) => felt.connectMs)))
  const answer = new Distribution(joined(runs.map(({ felt }) => felt.answerMs)))
  const wait = new Distribution(joined(runs.map(({ felt }) => felt.acceptWaitMs)))
  const quantiles = (of: Distribution) => ({
    p50: of.quantile(0.5),
    p90: of.quantile(0.9),
    p99: of.quantile(0.99),
    p999: of.quantile(0.999),
    max: of.max,
  })
  return {
    connectMs: quantiles(connect),
    answerMs: quantiles(answer),
    acceptWaitMs: quantiles(wait),
    steps: STEPS_MS.map((aboveMs) => ({ aboveMs, share: connect.above(aboveMs) })),
  }
}

type Estimates = Outcome['estimates']

const shareOf = (estimates: Estimates, quantity: Quantity): number => estimates[quantity]?.value ?? 0

/** Three ways to be turned away, and what each is to the client; then who is not answered at all. */
function outcomesInWords(estimates: Estimates, { client }: Situation): string {
  const [delayed, falsely, lost, late] = (['delayedShare', 'falseShare', 'lostShare', 'lateShare'] as const).map(
    (quantity) => shareOf(estimates, quantity),
  ) as [number, number, number, number]
  const parts = [
    ...(delayed > 0
      ? [
          `${percent(delayed)} lose a SYN${retriesAtMs(client).length > 0 ? ', which costs a second or more before they connect' : ', and give up before it is sent again'}`,
        ]
      : []),
    ...(falsely > 0
      ? [`${percent(falsely)} lose their final ACK: they take themselves for connected, and send their request in vain`]
      : []),
  ]
  const patience = duration(client.timeoutMs)
  const end =
    lost === 0
      ? `all are answered within ${patience}`
      : `${percent(lost)} are not answered within ${patience}${late > 0 ? `, and ${percent(late)} are served after that, for nobody` : ''}`
  return [...parts, end].join('; ')
}

/** The staircase of connect(), and where there is none, why. */
function stepsInWords(steps: readonly { aboveMs: number; share: number }[], estimates: Estimates): string[] {
  const taken = steps.filter(({ share }) => share > 0)
  if (taken.length > 0)
    return [
      `Steps of a second in connect(), of those who connect: ${taken.map(({ aboveMs, share }) => `${percent(share)} above ${duration(aboveMs)}`).join(', ')}.`,
    ]
  if (shareOf(estimates, 'delayedShare') > 0)
    return ['connect() shows no step of a second: whoever loses a SYN gives up before it is sent again with success.']
  if (shareOf(estimates, 'falseShare') > 0)
    return [
      'connect() shows no step of a second, and no error: what was dropped shows in the time to the first answer.',
    ]
  return ['No client sees a step of a second.']
}

/** What happens with a given backlog: loss, retries, and what clients see. */
export function settingQuestion(situation: Situation & { backlog: number }): Answer {
  const asked = situation.backlog
  const backlog = Math.min(asked, situation.somaxconn)
  const closed = closedForm(situation, backlog)
  const played = simulated(situation, backlog)
  const { numbers, ...simulation } = played
  const outcomes: Outcome[] = [...(closed === undefined ? [] : [closed.result]), simulation]
  const { connectMs, answerMs, acceptWaitMs, steps } = staircase(numbers)
  const lost = played.estimates.lostShare!.value
  const dropped = Math.max(...numbers.map(({ drops }) => drops))
  const longest = Math.max(...numbers.map(({ queuePeak }) => queuePeak))
  const alone = situation.stall !== undefined && situation.stall.everyMs === undefined
  const who = alone ? 'those who come during the stall' : 'the connections'
  return answerOf({
    question: `What happens with a backlog of ${number(asked)}?`,
    answer: [
      dropped === 0
        ? `Nothing is dropped in ${number(numbers.length)} simulated runs; the longest queue was ${number(longest)} of ${number(backlog + 1)}.`
        : `Of ${who} ${outcomesInWords(played.estimates, situation)}.`,
      ...grantedWords({ backlog: asked, somaxconn: situation.somaxconn }),
      ...(isOverloaded(situation)
        ? [
            `The load is ${percent(utilisation(situation))} of capacity: it gets worse with time, and no backlog mends that.`,
          ]
        : []),
      Number.isNaN(connectMs.p50)
        ? 'Nobody connects.'
        : `${alone ? 'Of those who come during the stall, and connect' : lost > 0 ? 'Of those who connect' : 'Of all'}, half connect within ${duration(connectMs.p50)}, 99 % within ${duration(connectMs.p99)}, 99.9 % within ${duration(connectMs.p999)}${Number.isNaN(acceptWaitMs.p99) ? '' : `; in the queue 99 % wait up to ${duration(acceptWaitMs.p99)}`}.`,
      ...(Number.isNaN(answerMs.p50)
        ? ['Nobody is answered in time.']
        : [
            `Of those who are answered in time, half have the first answer within ${duration(answerMs.p50)}, 99 % within ${duration(answerMs.p99)}, 99.9 % within ${duration(answerMs.p999)}.`,
          ]),
      ...stepsInWords(steps, played.estimates),
    ],
    settings: backlogSettings(asked, situation),
    table: comparisonTable(outcomes),
    why: closed?.why ?? ['No closed form covers this case; the numbers are the simulation’s.'],
    howSure: assumptionsOf(situation),
    outcomes,
    data: { backlog, asked, connectMs, answerMs, acceptWaitMs, steps, estimates: simulation.estimates },
  })
}
