/** The closed forms for a situation: which of them applies, what it gives, and the formula with the numbers in it. */
import { busiest } from '../busiest.ts'
import { type Estimate, type Outcome, within } from '../outcome.ts'
import { synTimeoutMs } from '../simulator/timers.ts'
import { ratePerSecond, type Situation, serviceMs, socketsOf, utilisation } from '../situation.ts'
import { loopOf, spanMs } from '../system-of.ts'
import { duration, number, percent, plural, rate } from '../words.ts'
import { always, binomial, type CountDistribution, largestOf, meanOf, poisson, tail } from './count-distribution.ts'
import { capacityOf, type LossQueue, mg1k, mmck, waitQuantile } from './loss-queue.ts'
import { withRetries } from './retrials.ts'
import { smallestBacklog, smallestBacklogForShare, stallCost } from './stall.ts'

/** A result and why. */
export interface Reasoned<Result> {
  result: Result
  why: string[]
}

/** Below this load a queue is nearly always empty when a stall begins, and gone soon after it. */
const LIGHT = 0.9

/** Above this load a queue takes seconds to reach its balance, and longer than a retry to forget that it was full. */
const STEADY = 0.95

/** True if a stall can be counted out: one socket a loop, or all loops still at once, and enough capacity to drain. */
const stallCounts = (situation: Situation): boolean =>
  situation.stall !== undefined &&
  situation.restart === undefined &&
  situation.slow === undefined &&
  (situation.mode === 'sharded' || situation.backends === 1 || situation.stall.whom === 'all') &&
  utilisation(situation) < LIGHT

/** How many come to the fullest of the stalled sockets in so much time. */
function arrivalsDuring(situation: Situation, ms: number, sockets = socketsOf(situation).sockets): CountDistribution {
  const { arrivals, stall } = situation
  const counts = () => {
    if (arrivals.shape === 'recorded') return binomial(busiest(arrivals.atMs, ms).count, 1 / sockets)
    const mean = (arrivals.ratePerSecond * ms) / 1000
    if (arrivals.shape === 'poisson') return poisson(mean / sockets)
    // A window of that length holds one more or one fewer, by where it begins.
    return sockets === 1 ? always(Math.ceil(mean - 1e-9)) : binomial(Math.ceil(mean - 1e-9), 1 / sockets)
  }
  return stall?.whom === 'all' && sockets > 1 ? largestOf(sockets, counts()) : counts()
}

/** How many stalls the time that is looked at holds. */
function stallsCounted(situation: Situation): number {
  const { stall, backends } = situation
  if (stall?.everyMs === undefined) return 1
  return Math.max(1, (spanMs(situation) / stall.everyMs) * (stall.whom === 'all' ? 1 : backends))
}

/** The smallest backlog that reaches the target; undefined where no closed form applies. */
export function neededBacklog(situation: Situation): Reasoned<Estimate> | undefined {
  if (stallCounts(situation)) return neededForStall(situation)
  return isQueue(situation) ? neededForLoad(situation) : undefined
}

function neededForStall(situation: Situation): Reasoned<Estimate> {
  const { target, stall, arrivals } = situation
  const { ms, everyMs } = stall!
  const { sockets } = socketsOf(situation)
  const counts = arrivalsDuring(situation, ms)
  const mean = meanOf(counts)
  const slack = 1 + steadyWaiting(situation)
  const come =
    arrivals.shape === 'recorded'
      ? `the busiest ${duration(ms)} of the recording bring ${number(busiest(arrivals.atMs, ms).count)}`
      : `${rate(arrivals.ratePerSecond)} × ${duration(ms)} = ${number((arrivals.ratePerSecond * ms) / 1000)}`
  const split = sockets === 1 ? '' : `, ÷ ${sockets} sockets = ${number(mean)} on average`
  if (target.delayedShare > 0) {
    // The share is of all who come, to the other sockets and between the stalls too.
    const others = everyMs === undefined ? (stall!.whom === 'one' ? sockets : 1) : everyMs / ms
    const share = target.delayedShare * others
    const backlog = smallestBacklogForShare(
      arrivalsDuring({ ...situation, stall: { ...stall!, whom: 'one' } }, ms),
      share,
      mean,
    )
    return {
      result: { value: backlog, low: Math.max(0, backlog - slack), high: backlog + slack },
      why: [
        `While a loop stands still ${come}${split}; N + 1 = ${number(backlog + 1)} of them fit.`,
        `Beyond that ${percent(share)} of them are left over on average: E[max(0, X − ${number(backlog + 1)})] ÷ ${number(mean)}.`,
      ],
    }
  }
  const probability = target.sureness ** (1 / stallsCounted(situation))
  const backlog = smallestBacklog(counts, probability)
  const spread = arrivals.shape === 'poisson' ? 'Poisson' : sockets > 1 ? 'binomial: the hash deals at random' : ''
  return {
    result: { value: backlog, low: Math.max(0, backlog - slack), high: backlog + slack },
    why: [
      `While a loop stands still ${come}${split}.`,
      spread === ''
        ? `${number(backlog + 1)} at most come together; N + 1 fit, so N = ${number(backlog)}.`
        : `In ${percent(probability)} of all stalls at most ${number(backlog + 1)} come (${spread}); N + 1 fit, so N = ${number(backlog)}.`,
    ],
  }
}

/** Poisson arrivals at loops that take their time, and nothing else going on. */
const isQueue = (situation: Situation): boolean =>
  utilisation(situation) < STEADY &&
  (situation.slow === undefined || (situation.dealing === 'hash' && queueAt(situation, 0).utilisation < STEADY)) &&
  situation.arrivals.shape === 'poisson' &&
  situation.stall === undefined &&
  situation.restart === undefined &&
  serviceMs(situation) > 0 &&
  situation.accept.perTurn === 1 &&
  (situation.mode === 'sharded' ||
    situation.backends === 1 ||
    (situation.accept.cv === 1 && situation.accept.handleMs === 0 && situation.slow === undefined))

/** The queue of one socket when so many times the first SYNs are offered to it. */
function queueAt(situation: Situation, backlog: number, factor = 1, socket = 0): LossQueue {
  const { sockets, loops } = socketsOf(situation)
  const loop = loopOf(situation, socket)
  const service = loop.acceptMs + loop.handleMs
  const offered = ((ratePerSecond(situation) * service) / 1000 / sockets) * factor
  if (loops > 1) return mmck(offered, loops, capacityOf(backlog, loops))
  return mg1k(offered, (loop.acceptMs * loop.acceptCv) / service, capacityOf(backlog, 1))
}

function steadyWaiting(situation: Situation): number {
  if (serviceMs(situation) === 0) return 0
  return queueAt({ ...situation, mode: 'sharded' }, 500).meanWaiting
}

/** How often a client sends its SYN before it gives up. */
function attemptsOf({ client }: Situation): number {
  return 1 + retriesAtMs(client).length
}

/** When a dropped SYN is sent again, after the first one. */
function retriesAtMs({ timeoutMs, synRetries, synLinearTimeouts }: Situation['client']): number[] {
  const moments: number[] = []
  let atMs = 0
  for (let retry = 1; ; retry++) {
    atMs += synTimeoutMs(retry, synRetries, synLinearTimeouts) ?? Number.POSITIVE_INFINITY
    if (atMs >= timeoutMs) return moments
    moments.push(atMs)
  }
}

function neededForLoad(situation: Situation): Reasoned<Estimate> | undefined {
  const { target, slow } = situation
  if (slow !== undefined || utilisation(situation) >= 1) return undefined
  const connections = (ratePerSecond(situation) * spanMs(situation)) / 1000
  // No drop at all with this probability: drops come in clusters, so taking them as independent is on the safe side.
  const share = target.delayedShare > 0 ? target.delayedShare : -Math.log(target.sureness) / connections
  let low = 0
  let high = 1
  while (queueAt(situation, high).blocking > share) {
    high *= 2
    if (high > 8192) return undefined
  }
  while (low < high) {
    const middle = (low + high) >> 1
    if (queueAt(situation, middle).blocking <= share) high = middle
    else low = middle + 1
  }
  const { utilisation: load } = queueAt(situation, low)
  const spread = target.delayedShare > 0 ? { low: 0.9, high: 1.25, slots: 1 } : { low: 0.6, high: 1.05, slots: 2 }
  return {
    result: { value: low, low: Math.max(0, low * spread.low - spread.slots), high: low * spread.high + spread.slots },
    why: [
      `${nameOfQueue(situation)} with utilisation ${number(load)}: ${formulaOf(situation, low)}`,
      `The smallest N whose blocking is at most ${percent(share)} is ${number(low)}.`,
    ],
  }
}

const nameOfQueue = ({ mode, backends, accept }: Situation): string =>
  mode === 'shared' && backends > 1
    ? `M/M/${backends}/K`
    : accept.cv === 0
      ? 'M/D/1/K'
      : accept.cv === 1 && accept.handleMs === 0
        ? 'M/M/1/K'
        : 'M/G/1/K'

const formulaOf = (situation: Situation, backlog: number): string => {
  const { sockets, loops } = socketsOf(situation)
  const { acceptMs, handleMs } = loopOf(situation, 0)
  return `${rate(ratePerSecond(situation) / sockets)} × ${duration(acceptMs + handleMs)}${loops > 1 ? ` ÷ ${loops}` : ''}, K = N + 1 waiting + ${loops} in hand = ${number(capacityOf(backlog, loops))}.`
}

/** What happens with this backlog; undefined where no closed form applies. */
export function closedForm(situation: Situation, backlog: number): Reasoned<Outcome> | undefined {
  if (stallCounts(situation)) return stallOutcome(situation, backlog)
  return isQueue(situation) ? queueOutcome(situation, backlog) : undefined
}

function stallOutcome(situation: Situation, backlog: number): Reasoned<Outcome> {
  const { stall, client, backends } = situation
  const { ms, everyMs, whom } = stall!
  const one: Situation = { ...situation, stall: { ...stall!, whom: 'one' } }
  const { sockets } = socketsOf(situation)
  const cost = (limit: number) => stallCost((span) => arrivalsDuring(one, span), ms, limit, retriesAtMs(client))
  const stalls = stallsCounted(situation) * (whom === 'all' ? sockets : 1)
  const slack = 1 + steadyWaiting(situation)
  const [likely, most, least] = [cost(backlog), cost(Math.max(0, backlog - slack)), cost(backlog + slack)]
  const mean = meanOf(arrivalsDuring(one, ms))
  // Of those that come in the stall, or of all where stalls repeat.
  const all = everyMs === undefined ? mean * (whom === 'all' ? 1 : sockets) : (mean * everyMs) / ms
  const scaled = (pick: (from: typeof likely) => number, by: number): Estimate => ({
    value: pick(likely) * by,
    low: pick(least) * by,
    high: pick(most) * by,
  })
  const counts = arrivalsDuring(situation, ms)
  const risk = tail(counts, backlog + 1)
  const queue = `${plural(sockets, 'socket')} of ${plural(backends, 'backend')}`
  return {
    result: {
      method: 'closed form',
      basis: `arrivals during the stall against N + 1, ${queue}`,
      estimates: {
        delayedShare: scaled(({ refused }) => refused, 1 / all),
        drops: scaled(({ drops }) => drops, stalls),
        retries: scaled(({ drops }) => drops, stalls),
      },
    },
    why: [
      `A loop that stands still for ${duration(ms)} meets ${number(mean)} connections on average; N + 1 = ${number(backlog + 1)} fit.`,
      `The chance that more come in one stall is ${percent(risk)}; on average ${number(likely.refused)} are left over, and are dropped ${number(likely.drops)} times before the loop goes on.`,
    ],
  }
}

function queueOutcome(situation: Situation, backlog: number): Reasoned<Outcome> {
  const { sockets } = socketsOf(situation)
  const attempts = attemptsOf(situation)
  const perSocket = (ratePerSecond(situation) / sockets) * (spanMs(situation) / 1000)
  const members = Array.from({ length: sockets }, (_, socket) => {
    const settled = withRetries((factor) => queueAt(situation, backlog, factor, socket).blocking, attempts)
    return { settled, queue: queueAt(situation, backlog, settled.offered, socket) }
  })
  const mean = (pick: (member: (typeof members)[number]) => number): number =>
    members.reduce((sum, member) => sum + pick(member), 0) / sockets
  const delayed = mean(({ settled }) => settled.blocking)
  const drops = mean(({ settled }) => settled.blocking * settled.offered) * perSocket * sockets
  const { queue, settled } = members[0]!
  // Who is dropped together comes back together, on the kernel's grid of 32 ms, and meets each other again: the fixed
  // point, which spreads retries evenly, can only say how many there are at least.
  const alone = attempts === 1 || delayed < 1e-4
  const noise = 3 / Math.sqrt(Math.max(1, drops))
  const estimate = (value: number): Estimate =>
    alone
      ? within(value, 0.03 + noise)
      : { value, low: value * Math.max(0, 1 - 0.05 - noise), high: Number.POSITIVE_INFINITY }
  const service = serviceMs({ ...situation, accept: { ...situation.accept, ms: loopOf(situation, 0).acceptMs } })
  const p99 = waitQuantile(queue, 0.99) * service
  const sameEverywhere = situation.slow === undefined
  return {
    result: {
      method: 'closed form',
      basis: `${nameOfQueue(situation)}, K = ${capacityOf(backlog, socketsOf(situation).loops)}`,
      estimates: {
        delayedShare: estimate(delayed),
        drops: estimate(drops),
        ...(sameEverywhere && alone ? { acceptWaitP99Ms: within(p99, 0.05, service) } : {}),
      },
    },
    why: [
      `${nameOfQueue(situation)} with utilisation ${number(queueAt(situation, backlog).utilisation)}: ${formulaOf(situation, backlog)}`,
      `It finds its queue full, and drops, ${percent(queue.blocking)} of its SYNs${settled.offered > 1.001 ? ` (${number(settled.offered)} SYNs are offered for each first one, retries included)` : ''}.`,
    ],
  }
}
