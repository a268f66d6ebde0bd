import { duration, number, percent } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings, comparisonTable, grantedWords } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { closedForm } from '../closed/forecast.ts'
import { Distribution } from '../distribution.ts'
import type { Outcome } from '../outcome.ts'
import { joined, type PlayedNumbers, simulated } from '../replicate.ts'
import { type Situation, utilisation } from '../situation.ts'

/** The steps of the client's staircase: a dropped SYN costs a second, two cost two, … */
const STEPS_MS = [900, 1900, 2900, 4900, 9900]

/** Of those who count: shares of the connects above each step, and quantiles of connects and waits, over all runs. */
function staircase(runs: readonly PlayedNumbers[]) {
  const connect = new Distribution(joined(runs.map(({ felt }) => felt.connectMs)))
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
    acceptWaitMs: quantiles(wait),
    steps: STEPS_MS.map((aboveMs) => ({ aboveMs, share: connect.above(aboveMs) })),
  }
}

/** What happens with a given backlog: loss, retries, and what clients see. */
export function settingQuestion(situation: Situation & { backlog: number }): Answer {
  const asked = situation.backlog
  const backlog = Math.min(asked, situation.somaxconn)
  const closed = closedForm(situation, backlog)
  const played = simulated(situation, backlog)
  const { numbers, ...simulation } = played
  const outcomes: Outcome[] = [...(closed === undefined ? [] : [closed.result]), simulation]
  const { connectMs, acceptWaitMs, steps } = staircase(numbers)
  const delayed = played.estimates.delayedShare!.value
  const lost = played.estimates.lostShare!.value
  const load = utilisation(situation)
  const dropped = Math.max(...numbers.map(({ drops }) => drops))
  const longest = Math.max(...numbers.map(({ queuePeak }) => queuePeak))
  const alone = situation.stall !== undefined && situation.stall.everyMs === undefined
  const who = alone ? 'those who come during the stall' : 'the connections'
  return answerOf({
    question: `What happens with a backlog of ${number(asked)}?`,
    answer: [
      dropped === 0
        ? `Nothing is dropped in ${number(numbers.length)} simulated runs; the longest queue was ${number(longest)} of ${number(backlog + 1)}.`
        : `${percent(delayed)} of ${who} lose a SYN and pay a second or more; ${percent(lost)} are never answered within ${duration(situation.client.timeoutMs)}.`,
      ...grantedWords({ backlog: asked, somaxconn: situation.somaxconn }),
      ...(load >= 1
        ? [`The load is ${percent(load)} of capacity: it gets worse with time, and no backlog mends that.`]
        : []),
      Number.isNaN(connectMs.p50)
        ? 'Nobody connects.'
        : `${alone ? 'Of those who come during the stall, and connect' : lost > 0 ? 'Of those who connect' : 'Of all'}, half do so within ${duration(connectMs.p50)}, 99 % within ${duration(connectMs.p99)}, 99.9 % within ${duration(connectMs.p999)}${Number.isNaN(acceptWaitMs.p99) ? '' : `; in the queue 99 % wait up to ${duration(acceptWaitMs.p99)}`}.`,
      steps.some(({ share }) => share > 0)
        ? `Steps of a second, of the same: ${steps
            .filter(({ share }) => share > 0)
            .map(({ aboveMs, share }) => `${percent(share)} above ${duration(aboveMs)}`)
            .join(', ')}.`
        : 'No client sees a step of a second.',
    ],
    settings: backlogSettings(asked, situation),
    table: comparisonTable(outcomes),
    why: closed?.why ?? ['No closed form covers this case; the numbers are the simulation’s.'],
    howSure: assumptionsOf(situation),
    outcomes,
    data: { backlog, asked, connectMs, acceptWaitMs, steps, estimates: simulation.estimates },
  })
}
