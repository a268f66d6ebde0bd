import { duration, number, percent, plural, rate } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings, comparisonTable, grantedWords } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import type { LoopBalance } from '../closed/closed-loop.ts'
import { type LoopForecast, loopForecast } from '../closed/loop-forecast.ts'
import { loopOfClients } from '../closed-loop.ts'
import { Distribution } from '../distribution.ts'
import type { Outcome } from '../outcome.ts'
import { promiseInWords } from '../promise.ts'
import { joined, type PlayedNumbers, simulated } from '../replicate.ts'
import { smallestBacklogByPlay } from '../search.ts'
import { type ClosedLoopPlan, type Situation, serviceMs } from '../situation.ts'

type Loop = Situation & { closedLoop: ClosedLoopPlan }

/** Above that share of its time a pool is full: one more client only waits. */
const NEARLY_FULL = 0.95

/**
 * So many clients, each of which asks again some time after its answer: what they get, how many of them wait in the accept queue,
 * and which backlog holds them. Such a loop limits itself: who waits does not ask.
 */
export function clientsQuestion(situation: Loop): Answer {
  const { closedLoop, somaxconn, backlog: asked } = situation
  const { clients, thinkMs } = closedLoop
  const closed = loopForecast(situation)
  const found = asked === undefined ? smallestBacklogByPlay(situation, closed?.needed?.value) : undefined
  const all = clients - 1
  // While nobody gives up no more can wait than there are clients, and then no run has needed more.
  const most = (found?.estimate.low ?? 0) > all ? Number.POSITIVE_INFINITY : all
  const needed = Math.min(most, Math.ceil(Math.max(found?.estimate.value ?? 0, closed?.needed?.value ?? 0)))
  const granted = Math.min(asked ?? needed, somaxconn)
  const played = simulated({ ...situation, backlog: granted }, granted)
  const { numbers, ...simulation } = played
  const outcomes: Outcome[] = [
    ...(closed === undefined ? [] : [outcomeOf(closed, granted, asked)]),
    {
      ...simulation,
      estimates: { ...simulation.estimates, ...(found === undefined ? {} : { backlog: found.estimate }) },
    },
  ]
  const perSecond = closed?.balance === undefined ? ofRuns(situation, numbers) : closed.balance.answersPerMs * 1000
  const seen = seenBy(numbers)
  const dropped = Math.max(...numbers.map(({ drops }) => drops))
  const gone = played.estimates.lostShare?.value ?? 0
  return answerOf({
    question: `What do ${plural(clients, 'client')} need that each ask again ${thinkMs === 0 ? 'as soon as they are answered' : `${duration(thinkMs)} after the answer`}?`,
    answer: [
      asked === undefined
        ? `A backlog of ${number(needed)}${situation.mode === 'sharded' && situation.backends > 1 ? ' on each socket' : ''}: then ${promiseInWords(situation)}.`
        : dropped === 0
          ? `With a backlog of ${number(asked)} nothing is dropped in ${plural(numbers.length, 'simulated run')}; the longest queue was ${number(seen.longest)} of ${number(granted + 1)}.`
          : `With a backlog of ${number(asked)}, ${refusedInWords(played.estimates)}.`,
      ...grantedWords({ backlog: asked ?? needed, somaxconn }),
      ...(gone > 0
        ? [
            `${percent(digits(gone))} of the connections are not answered within ${duration(situation.client.timeoutMs)}: their clients give up and come again, and the one they left keeps its place until accept(), so that the queue can hold more than one of a client.`,
          ]
        : [
            `More than ${number(clients)} can never wait: a backlog of ${number(all)} holds all of them at once, after any stall or restart${needed < all && asked === undefined ? ', if that is to hold for certain' : ''}.`,
          ]),
      ...servedInWords(situation, closed?.balance, perSecond),
      ...othersInWords(situation),
      `An answer takes ${duration(digits(seen.meanMs))} on average, and 99 % have theirs within ${duration(digits(seen.p99Ms))}; in the queue 99 % wait up to ${duration(digits(seen.waitP99Ms))}.`,
      ...waitWords(situation, seen.waitP99Ms),
    ],
    settings: backlogSettings(asked ?? needed, situation),
    table: comparisonTable(outcomes),
    why: whyOf(situation, closed),
    howSure: [
      'In a closed loop whoever waits does not ask: a server that stands still has few victims here, and a load test that is one (wrk, ab, hey, virtual users of k6) measures too few slow answers. People and other services that come whatever happens are a --rate.',
      'A client has one connection at a time, and opens a new one for each request. With keep-alive only those who connect anew meet the accept queue.',
      ...assumptionsOf(situation),
    ],
    outcomes,
    data: {
      backlog: granted,
      asked: asked ?? null,
      smallest: asked === undefined ? needed : null,
      holdsAll: all,
      answersPerSecond: perSecond,
      utilisation: closed?.balance?.utilisation ?? null,
      waitingMean: closed?.waitingMean ?? null,
      waitingP99: closed?.waitingP99 ?? null,
      answerMeanMs: seen.meanMs,
      answerP99Ms: seen.p99Ms,
      acceptWaitP99Ms: seen.waitP99Ms,
      estimates: simulation.estimates,
    },
  })
}

/** Where a backlog is given, nothing is said of the smallest one. */
function outcomeOf(closed: LoopForecast, granted: number, asked: number | undefined): Outcome {
  const outcome = closed.outcome(granted)
  const { backlog: _, ...estimates } = outcome.estimates
  return asked === undefined ? outcome : { ...outcome, estimates }
}

/** To three digits: more than some runs tell. */
const digits = (value: number): number => Number(value.toPrecision(3))

function seenBy(numbers: readonly PlayedNumbers[]) {
  const answers = new Distribution(joined(numbers.map(({ felt }) => felt.answerMs)))
  const waits = new Distribution(joined(numbers.map(({ felt }) => felt.acceptWaitMs)))
  return {
    meanMs: answers.mean,
    p99Ms: answers.quantile(0.99),
    waitP99Ms: waits.quantile(0.99),
    longest: Math.max(...numbers.map(({ queuePeak }) => queuePeak)),
  }
}

/** Answers a second of all runs: those who were answered in the time that counts. */
function ofRuns({ forMs, stall }: Loop, numbers: readonly PlayedNumbers[]): number {
  const spanMs = stall !== undefined && stall.everyMs === undefined ? stall.ms : forMs
  const answered = numbers.reduce((sum, { counted, lostShare }) => sum + counted * (1 - lostShare), 0)
  return (answered / numbers.length / spanMs) * 1000
}

function refusedInWords(estimates: Outcome['estimates']): string {
  const delayed = estimates.delayedShare?.value ?? 0
  const falsely = estimates.falseShare?.value ?? 0
  const parts = [
    ...(delayed > 0 ? [`${percent(digits(delayed))} of the connections lose a SYN, which costs a second or more`] : []),
    ...(falsely > 0 ? [`${percent(digits(falsely))} lose their final ACK, and send their request in vain`] : []),
  ]
  return parts.length === 0 ? 'some SYNs are dropped, of none of those who count' : parts.join('; ')
}

/** What they get, and from how many clients on one more only waits. */
function servedInWords(situation: Loop, balance: LoopBalance | undefined, perSecond: number): string[] {
  // A stall changes what is served while it lasts.
  if (situation.stall !== undefined) return []
  const { closedLoop, backends } = situation
  const loop = loopOfClients(situation, closedLoop)
  const most = (backends * 1000) / loop.serviceMs
  const knee = (backends * (loop.thinkMs + loop.serviceMs)) / loop.serviceMs
  const busy = balance === undefined ? perSecond / most : balance.utilisation
  const one = closedLoop.clients === 1
  const served = `${plural(closedLoop.clients, 'client')} ${one ? 'gets' : 'get'} ${rate(digits(perSecond))} from ${plural(backends, 'backend')}, which ${backends === 1 ? 'is' : 'are'} ${percent(digits(Math.min(1, busy)))} busy.`
  return [
    `${served} ${
      busy > NEARLY_FULL
        ? `That is nearly all that ${backends === 1 ? 'it' : 'they'} can do (${rate(digits(most))}): from about ${plural(Math.ceil(knee), 'client')} on, one more gets no more answers, it only waits. More backends help, and no backlog does.`
        : `At most ${rate(digits(most))} are possible, which takes more than ${plural(Math.floor(knee), 'client')}.`
    }`,
  ]
}

function waitWords({ target }: Loop, p99Ms: number): string[] {
  const { waitMs } = target
  if (waitMs === undefined) return []
  return p99Ms <= waitMs
    ? [`99 % of the accept waits are below the ${duration(waitMs)} that were asked for.`]
    : [
        `That is more than the ${duration(waitMs)} that were asked for, and no backlog mends that: a longer queue never shortens a wait.`,
      ]
}

/** What half as many and twice as many get. */
function othersInWords(situation: Loop): string[] {
  const { clients } = situation.closedLoop
  if (clients < 2 || situation.stall !== undefined) return []
  const parts = [Math.round(clients / 2), clients * 2].flatMap((count) => {
    const { balance, waitingMean } =
      loopForecast({ ...situation, closedLoop: { ...situation.closedLoop, clients: count } }) ?? {}
    return balance === undefined || waitingMean === undefined
      ? []
      : [
          `${plural(count, 'client')} get ${rate(digits(balance.answersPerMs * 1000))}, and ${number(digits(waitingMean))} wait${situation.mode === 'sharded' && situation.backends > 1 ? ' in each queue' : ''} on average`,
        ]
  })
  return parts.length === 0 ? [] : [`For comparison: ${parts.join('; ')}.`]
}

function whyOf(situation: Loop, closed: LoopForecast | undefined): string[] {
  const { clients } = situation.closedLoop
  const loop = loopOfClients(situation, situation.closedLoop)
  const bounds = `Never more than ${number(clients)} ÷ (${duration(loop.thinkMs)} + ${duration(loop.serviceMs)}) = ${rate(digits((clients * 1000) / (loop.thinkMs + loop.serviceMs)))}, nor than ${number(situation.backends)} ÷ ${duration(serviceMs(situation))} = ${rate(digits((situation.backends * 1000) / serviceMs(situation)))}.`
  return closed === undefined
    ? [bounds, 'No closed form covers this case; the numbers are the simulation’s.']
    : [bounds, ...closed.why]
}
