/** What a loop that stands still meets: when that can be counted, who comes meanwhile, and who waits already. */
import { busiest, countWithin } from '../busiest.ts'
import { relaxationMs, type Situation, serviceMs, socketsOf, utilisation } from '../situation.ts'
import { spanMs } from '../system-of.ts'
import { underWay } from './clients.ts'
import { always, binomial, type CountDistribution, largestOf, poisson } from './count-distribution.ts'
import { queueAt } from './load-forecast.ts'

/** Below this load a queue is nearly always empty when a stall begins, and gone soon after it. */
export const LIGHT = 0.9

/** The most that a queue is taken to hold when a stall begins: at a light load far more than it ever does. */
const ENDLESS = 500

/** True if a stall can be counted out: one socket a loop, or all loops still at once, and enough capacity to drain. */
export const stallCounts = (situation: Situation): boolean =>
  situation.stall !== undefined &&
  situation.restart === undefined &&
  situation.slow === undefined &&
  (situation.mode === 'sharded' || situation.backends === 1 || situation.stall.whom === 'all') &&
  // Stalls that repeat meet a recording's quiet times as well as its busiest.
  (situation.arrivals.shape !== 'recorded' || situation.stall.everyMs === undefined) &&
  busiestLoad(situation) < LIGHT &&
  forgottenBetween(situation)

/** So many times its memory after a queue has drained it has forgotten that there was a stall. */
const FORGOTTEN = 3

/** True if a queue has drained, and forgotten it, when the next stall comes. */
function forgottenBetween(situation: Situation): boolean {
  const { ms, everyMs } = situation.stall ?? { ms: 0, everyMs: undefined }
  if (everyMs === undefined || serviceMs(situation) === 0) return true
  const load = utilisation({ ...situation, stall: undefined })
  const drainMs = (ms * load) / (1 - load)
  return everyMs - ms >= drainMs + FORGOTTEN * relaxationMs({ ...situation, stall: undefined })
}

/** Load over capacity; of a recording, while it is busiest. */
function busiestLoad(situation: Situation): number {
  const { arrivals, stall, backends } = situation
  const service = serviceMs(situation)
  if (arrivals.shape !== 'recorded' || service === 0) return utilisation(situation)
  const windowMs = Math.max(stall?.ms ?? 0, 20 * service)
  return (busiest(arrivals.atMs, windowMs).count * service) / windowMs / backends
}

/**
 * One more where a SYN comes within the round trip after the last final ACK: it finds all of them there, though its own
 * final ACK comes when the loop goes on.
 */
export function oneBehind(situation: Situation): CountDistribution {
  const { arrivals, client, stall } = situation
  const coming = underWay(situation)
  if (coming === 0) return always(0)
  const share = {
    constant: () => Math.min(1, coming),
    poisson: () => 1 - Math.exp(-coming),
    recorded: () => (oneMoreIn(stall?.ms ?? 0, client.rttMs) ? 1 / socketsOf(situation).sockets : 0),
  }[arrivals.shape]()
  return { from: 0, probabilities: Float64Array.of(1 - share, share) }

  function oneMoreIn(ms: number, moreMs: number): boolean {
    if (arrivals.shape !== 'recorded') return false
    return busiest(arrivals.atMs, ms + moreMs).count > busiest(arrivals.atMs, ms).count
  }
}

/** How many come to the fullest of the stalled sockets in so much time. */
export function arrivalsDuring(
  situation: Situation,
  ms: number,
  sockets = socketsOf(situation).sockets,
): CountDistribution {
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
export function stallsCounted(situation: Situation): number {
  const { stall, backends } = situation
  if (stall?.everyMs === undefined) return 1
  return Math.max(1, (spanMs(situation) / stall.everyMs) * (stall.whom === 'all' ? 1 : backends))
}

/** How many wait at a loop when it comes to a stand; after it the queue climbs once more by as much, before it drains. */
export function waitingBefore(situation: Situation): CountDistribution {
  const even = situation.arrivals.shape === 'constant' && socketsOf(situation).sockets === 1
  if (serviceMs(situation) === 0 || even || situation.arrivals.shape === 'recorded') return always(0)
  return queueAt(situation, ENDLESS).waiting
}

/**
 * How many of all who come each one that comes to a stalled socket stands for. A stall is looked at alone, with those whose
 * handshake it meets; stalls that repeat are looked at with all that comes in between.
 */
export function comingAt(situation: Situation, mean: number): number {
  const { stall, arrivals, client } = situation
  const { ms, everyMs, whom } = stall!
  const { sockets } = socketsOf(situation)
  if (everyMs !== undefined) return (mean * everyMs) / ms
  const others = whom === 'one' ? sockets : 1
  if (arrivals.shape !== 'recorded') return (mean * others * (ms + client.rttMs)) / ms
  const { fromMs } = busiest(arrivals.atMs, ms)
  const count = countWithin(arrivals.atMs, { fromMs, toMs: fromMs + ms + client.rttMs })
  return (count * others) / sockets
}
