import { duration, number, percent, rate } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { neededBacklog } from '../closed/forecast.ts'
import { gammaTail } from '../closed/special-functions.ts'
import type { Outcome } from '../outcome.ts'
import { runsFor, simulated } from '../replicate.ts'
import { smallestBacklogByPlay } from '../search.ts'
import {
  awakeShare,
  isOverloaded,
  ratePerSecond,
  type Situation,
  serviceMs,
  socketsOf,
  utilisation,
} from '../situation.ts'

/** An overload is looked at for so many times what it takes to fill the queue and to wear out the clients. */
const TURNS = 3
/** What one setting may cost to play. */
const MOST_CONNECTIONS = 150_000
const COMPARED_RUNS = 4
/** Above this share of what is served, serving the dead is worth a sentence. */
const NOTICED = 0.01

/** Of those who get the last place of a full queue, how many are to be answered in time. */
const LIVING = 0.95

/**
 * The largest backlog of which who gets the last place is still answered within the client's patience, with 95 % certainty: a
 * stall first, N + 1 ends of service at the loops of the socket, and the own one. Below zero where not even a queue for one would do;
 * infinite where nothing takes time.
 */
export function largestForLiving(situation: Situation): number {
  const { client, stall, accept } = situation
  const { loops } = socketsOf(situation)
  const leftMs = client.timeoutMs - client.rttMs - (stall?.ms ?? 0)
  const one = serviceMs(situation)
  if (leftMs < 0) return -1
  if (one === 0) return Number.POSITIVE_INFINITY
  const holds = (backlog: number): boolean => {
    const mean = ((backlog + 1) * one) / loops + one
    const variance = (accept.ms * accept.cv) ** 2 * ((backlog + 1) / loops ** 2 + 1)
    if (variance === 0) return mean <= leftMs
    return 1 - gammaTail(mean ** 2 / variance, (leftMs * mean) / variance) >= LIVING
  }
  let [low, high] = [-1, Math.ceil((leftMs * loops) / one) + 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

/**
 * The same of an overload, by playing it: most get into the queue at a later try only, and have spent a part of their patience
 * by then. Never above what holds for those who get in at once; within a twentieth of itself.
 */
function largestInOverload(situation: Situation): number {
  const bound = Math.min(largestForLiving(situation), situation.somaxconn)
  const holds = (backlog: number): boolean => deadShare(rowOf(situation, backlog, '')) <= 1 - LIVING
  if (bound < 0 || !holds(0)) return -1
  if (holds(bound)) return bound
  let [low, high] = [0, bound]
  while (high - low > Math.max(1, low / 20)) {
    const middle = (low + high) >> 1
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

interface Row {
  backlog: number
  name: string
  /** Shares of those who come. */
  answered: number
  late: number
  delayed: number
  outcome: Outcome
}

/** A backlog can be too large: who waits in it for longer than the client does is served for nothing. */
export function timeoutQuestion(situation: Situation): Answer {
  const { client, somaxconn, stall } = situation
  const patience = duration(client.timeoutMs)
  const living = isOverloaded(situation) ? largestInOverload(situation) : largestForLiving(situation)
  const overloaded = isOverloaded(situation)
  const smallest = overloaded
    ? undefined
    : Math.ceil(neededBacklog(situation)?.result.value ?? smallestBacklogByPlay(situation).estimate.value)
  const set = Math.min(situation.backlog ?? somaxconn, somaxconn)
  const rows = rowsOf(situation, { living, smallest, set })
  const best = rows.toSorted((a, b) => b.answered - a.answered)[0]!
  const worst = rows.filter((row) => row.late > 0).toSorted((a, b) => a.answered - b.answered)[0]
  const perSecond = ratePerSecond(situation)
  const shown = rows.find((row) => row.backlog === Math.max(0, Math.min(living, somaxconn))) ?? best
  return answerOf({
    question: `Which backlog does not outlast clients who wait ${patience}?`,
    answer: [
      livingInWords(situation, living, patience),
      smallestInWords(situation, smallest, living),
      ...(worst !== undefined && deadShare(worst) > NOTICED && worst.answered < best.answered - NOTICED
        ? [
            `Serving the dead: with ${number(worst.backlog)}, ${percent(digits(deadShare(worst)))} of those who are served have gone, and ${percent(digits(worst.answered))} of ${stall === undefined || stall.everyMs !== undefined ? 'those who come' : 'those who come during the stall'} are answered in time; with ${number(best.backlog)} it is ${percent(digits(best.answered))}.`,
          ]
        : []),
    ],
    settings:
      Number.isFinite(living) && living >= 0
        ? backlogSettings(recommended(living, smallest, somaxconn), situation)
        : [],
    table: {
      columns: ['backlog', '', 'answered in time', 'a second', 'served for nothing', 'lost a SYN'],
      rows: rows.map((row) => [
        number(row.backlog),
        row.name,
        percent(digits(row.answered)),
        rate(digits(row.answered * perSecond)),
        row.answered + row.late === 0 ? '–' : `${percent(digits(deadShare(row)))} of what is served`,
        percent(digits(row.delayed)),
      ]),
    },
    why: whyOf(situation, living),
    howSure: [
      'Closing a connection is not seen by who waits in the queue behind it: a client that has given up keeps its place until accept().',
      'Clients who give up are taken not to come again. If they retry at once, the load is higher than this, and the collapse is deeper.',
      ...assumptionsOf(lastingUntilFull(situation, shown.backlog)),
    ],
    outcomes: [shown.outcome],
    data: {
      largestForLiving: Number.isFinite(living) ? living : null,
      recommended: living >= 0 ? recommended(living, smallest, somaxconn) : null,
      smallestForAll: smallest ?? null,
      rows: rows.map(({ backlog, answered, late, delayed }) => ({ backlog, answered, late, delayed })),
    },
  })
}

/** To three digits: more than some runs tell. */
const digits = (value: number): number => Number(value.toPrecision(3))

/** Of what is served, what is served for nothing. */
const deadShare = ({ answered, late }: Row): number => (answered + late === 0 ? 0 : late / (answered + late))

/** Room for all where that keeps them alive; else as many as live. */
const recommended = (living: number, smallest: number | undefined, somaxconn: number): number =>
  Math.min(living, smallest ?? living, somaxconn)

function rowsOf(
  situation: Situation,
  { living, smallest, set }: { living: number; smallest: number | undefined; set: number },
): Row[] {
  const { somaxconn } = situation
  const largest = Math.min(Number.isFinite(living) ? Math.max(0, living) : set, somaxconn)
  const named = new Map<number, string>()
  const add = (backlog: number, name: string): void => {
    const granted = Math.min(Math.max(0, Math.round(backlog)), somaxconn)
    const known = named.get(granted)
    named.set(granted, known === undefined ? name : `${known}; ${name}`)
  }
  if (Number.isFinite(living)) add(largest, 'the largest that serves the living')
  if (smallest !== undefined) add(smallest, 'the smallest that loses nobody')
  if (Number.isFinite(living)) {
    add(largest >> 2, 'a quarter of it')
    add(4 * (largest + 1), 'four times it')
  }
  add(set, situation.backlog === undefined ? 'all that somaxconn grants' : 'as it is set')
  return [...named].sort(([a], [b]) => a - b).map(([backlog, name]) => rowOf(situation, backlog, name))
}

function rowOf(situation: Situation, backlog: number, name: string): Row {
  const long = lastingUntilFull(situation, backlog)
  const { numbers: _, ...outcome } = simulated(long, backlog, Math.min(runsFor(long), COMPARED_RUNS))
  const share = (quantity: 'lostShare' | 'lateShare' | 'delayedShare'): number =>
    outcome.estimates[quantity]?.value ?? 0
  return {
    backlog,
    name,
    answered: Math.max(0, 1 - share('lostShare')),
    late: share('lateShare'),
    delayed: share('delayedShare'),
    outcome,
  }
}

/** An overload is looked at for long enough to fill the queue, and to serve who waits in it. */
function lastingUntilFull(situation: Situation, backlog: number): Situation {
  const { forMs, client } = situation
  if (!isOverloaded(situation)) return situation
  const { sockets } = socketsOf(situation)
  const perSecond = ratePerSecond(situation)
  const excess = perSecond * (1 - 1 / utilisation(situation))
  const fillMs = (((backlog + 1) * sockets) / excess) * 1000
  const wantedMs = TURNS * (fillMs + client.timeoutMs)
  return { ...situation, forMs: Math.max(forMs, Math.min(wantedMs, (MOST_CONNECTIONS / perSecond) * 1000)) }
}

function livingInWords(situation: Situation, living: number, patience: string): string {
  const { somaxconn, stall } = situation
  if (living < 0)
    return stall !== undefined && stall.ms + situation.client.rttMs > situation.client.timeoutMs
      ? `No backlog serves only the living: the stall of ${duration(stall.ms)} outlasts clients who wait ${patience}, and whoever came at its beginning is served for nothing.`
      : `No backlog serves only the living: a connection takes ${duration(serviceMs(situation))} on average${isOverloaded(situation) ? ', more come than can be served, and a place in the queue is got late' : ''}, so that more than one in twenty of those who are served have gone after ${patience}, even with the smallest queue.`
  if (!Number.isFinite(living))
    return `No backlog is too large: accepting takes no time here, so that nobody waits longer than ${stall === undefined ? 'a round trip' : `the stall of ${duration(stall.ms)}`}, and clients wait ${patience}.`
  const clamped = living > somaxconn ? `; net.core.somaxconn grants ${number(somaxconn)}, which is less` : ''
  return `The largest backlog that still serves the living is ${number(living)}${socketsOf(situation).sockets === 1 ? '' : ' on each socket'}${clamped}: in a longer one that is full, the last in line waits for more than the ${patience} of its client, and is served for nothing.`
}

function smallestInWords(situation: Situation, smallest: number | undefined, living: number): string {
  if (smallest === undefined) {
    return `No backlog loses nobody: the load is ${percent(digits(utilisation(situation)))} of capacity. A queue only chooses who is turned away, and a short one turns away at once.`
  }
  if (smallest <= living)
    return `The smallest that loses nobody is ${number(smallest)}: between the two nobody is lost, and nobody is served for nothing.`
  return `The smallest that loses nobody is ${number(smallest)}, which is more: no backlog does both. What helps is ${situation.stall === undefined ? 'more backends, or cheaper requests' : 'a shorter stall, or more sockets to share it'}.`
}

function whyOf(situation: Situation, living: number): string[] {
  const { client, stall } = situation
  const { loops } = socketsOf(situation)
  const atOnce = largestForLiving(situation)
  if (!Number.isFinite(living) || living < 0) return []
  const left = client.timeoutMs - client.rttMs - (stall?.ms ?? 0)
  return [
    `${duration(client.timeoutMs)}${stall === undefined ? '' : ` less the stall of ${duration(stall.ms)}`} leaves ${duration(left)}. Who gets the last place of a full queue has N + 1 connections to wait for, ${duration(serviceMs(situation))}${loops === 1 ? '' : ` ÷ ${number(loops)}`} each on average, and then its own${situation.accept.cv > 0 ? '; with 95 % certainty, since they vary' : ''}${awakeShare(situation) < 1 ? ', if no other stall falls into it' : ''}: N = ${number(atOnce)}.`,
    ...(living < Math.min(atOnce, situation.somaxconn)
      ? [
          'That holds for who gets in at the first try. In an overload most get in later, and have less time left: what is said was found by simulation, so that at most one in twenty of those who are served have gone.',
        ]
      : []),
  ]
}
