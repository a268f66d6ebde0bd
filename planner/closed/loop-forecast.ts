/** What the closed form says of a closed loop, where one covers it. */
import { duration, number, percent, rate } from '#common/quantities.ts'
import { loopOfClients } from '../closed-loop.ts'
import { type Estimate, type Outcome, within } from '../outcome.ts'
import { type ClosedLoopPlan, type Situation, socketsOf } from '../situation.ts'
import { closedLoop, type LoopBalance, waitingOf, waitQuantileMs, withRoom } from './closed-loop.ts'
import { binomial } from './count-distribution.ts'

/** What a first retry waits, on the kernel's coarse grid: a second, and half a step of 32 ms. */
const RETRY_MS = 1016
/** Where thinking is much shorter than that, those who wait for a retry are another kind of client, whom a mean does not tell. */
const LIKE_RETRIES_MS = RETRY_MS / 4
/** Retries that meet each other are not in it. */
const APPROXIMATE = 0.35
/** Who gives up so seldom, while nobody is turned away, does not count. */
const SELDOM = 1e-5
/** Below so many drops in all runs chance decides. */
const FEW = 3

export interface LoopForecast {
  /** In balance; undefined where it is about a stall that comes once. */
  balance: LoopBalance | undefined
  /** In the accept queue of one socket. */
  waitingMean: number | undefined
  waitingP99: number | undefined
  /** The smallest backlog for the target; undefined where that is about a share that retries decide. */
  needed: Estimate | undefined
  outcome(backlog: number): Outcome
  why: string[]
}

/** Exponential service that nobody tires of waiting for, and nothing in the way but a stall of all loops of one socket. */
export function loopForecast(situation: Situation & { closedLoop: ClosedLoopPlan }): LoopForecast | undefined {
  const { accept, stall, closedLoop: plan } = situation
  if (accept.cv !== 1 || accept.handleMs !== 0 || accept.perTurn !== 1 || accept.ms === 0) return undefined
  const loop = loopOfClients(situation, plan)
  const balance = closedLoop(loop)
  const { sockets, loops } = socketsOf(situation)
  const longestMs = waitQuantileMs(balance.seen, loops, loop.serviceMs, 1 - SELDOM) - Math.log(SELDOM) * loop.serviceMs
  if (longestMs + (stall?.ms ?? 0) + 2 * situation.client.rttMs > situation.client.timeoutMs) return undefined
  if (stall === undefined) return inBalance(situation, balance)
  if (stall.everyMs !== undefined || sockets > 1 || (loops > 1 && stall.whom === 'one')) return undefined
  return duringStall(situation, balance, stall.ms)
}

function inBalance(situation: Situation & { closedLoop: ClosedLoopPlan }, balance: LoopBalance): LoopForecast {
  const { target, forMs, client } = situation
  const { sockets, loops } = socketsOf(situation)
  const loop = loopOfClients(situation, situation.closedLoop)
  const waiting = waitingOf(balance.atSocket, loops)
  const met = waitingOf(balance.seen, loops)
  const connections = balance.answersPerMs * forMs
  const share = target.delayedShare > 0 ? target.delayedShare : -Math.log(target.sureness) / connections
  const smallest = smallestWith(met, share)
  const spread =
    target.delayedShare > 0
      ? undefined
      : {
          value: smallest,
          low: Math.max(0, smallest * 0.6 - 2),
          // While nobody gives up, no more can wait than there are clients.
          high: Math.min(loop.clients - 1, smallest * 1.05 + 2),
        }
  const p99 = waitQuantileMs(balance.seen, loops, loop.serviceMs, 0.99)
  return {
    balance,
    waitingMean: mean(waiting),
    waitingP99: quantileOf(waiting, 0.99),
    needed: spread,
    outcome: (backlog) => {
      const refused =
        sockets > 1 || loop.thinkMs < LIKE_RETRIES_MS
          ? undefined
          : withRoom({ ...loop, sockets: 1 }, backlog, RETRY_MS).refused
      // Beyond it nobody is turned away, and all is as with room for everybody.
      const rare = (tailOf(met, backlog) ?? 0) < 1e-5
      const drops = (refused ?? 0) * connections
      return {
        method: 'closed form',
        basis: sockets > 1 ? `closed network of ${number(sockets)} sockets` : `M/M/${loops}//${number(loop.clients)}`,
        estimates: {
          ...(spread === undefined ? {} : { backlog: spread }),
          ...(refused === undefined || client.rttMs > 1
            ? {}
            : { delayedShare: within(refused, APPROXIMATE, (FEW + 3 * Math.sqrt(drops)) / connections) }),
          ...(rare ? { acceptWaitP99Ms: within(p99, 0.08, loop.serviceMs) } : {}),
        },
      }
    },
    why: [
      `A closed network (${sockets > 1 ? `${number(sockets)} sockets with one loop each` : `M/M/${loops}//${number(loop.clients)}, the machine repairman`}; exact for exponential service, whatever the distribution of the time to think): the loops are ${percent(Number(balance.utilisation.toPrecision(3)))} busy, which makes ${rate(Number((balance.answersPerMs * 1000).toPrecision(3)))}; ${number(loop.clients)} ÷ that − ${duration(loop.thinkMs)} = ${duration(Number(balance.responseMs.toPrecision(3)))} from the queue to the answer.`,
      `In the queue ${sockets > 1 ? 'of one socket ' : ''}wait ${number(Number(mean(waiting).toPrecision(3)))} on average, and no more than ${number(quantileOf(waiting, 0.99))} for 99 % of the time. Who comes meets what one client fewer would leave (the arrival theorem)${target.delayedShare > 0 ? '' : `: with N = ${number(smallest)} it is ${percent(target.sureness)} certain that of ${number(Math.round(connections))} connections none finds more than N waiting`}.`,
    ],
  }
}

/** All loops of one socket stand still: nobody is accepted, and whoever thinks comes. */
function duringStall(
  situation: Situation & { closedLoop: ClosedLoopPlan },
  balance: LoopBalance,
  stallMs: number,
): LoopForecast {
  const { target } = situation
  const { loops } = socketsOf(situation)
  const loop = loopOfClients(situation, situation.closedLoop)
  const comes = loop.thinkMs === 0 ? 1 : -Math.expm1(-stallMs / loop.thinkMs)
  const waiting = new Float64Array(loop.clients + 1)
  for (const [present, share] of balance.atSocket.entries()) {
    if (share < 1e-12) continue
    const { from, probabilities } = binomial(loop.clients - present, comes)
    for (const [i, one] of probabilities.entries()) {
      const n = Math.max(0, present - loops) + from + i
      if (n <= loop.clients) waiting[n]! += share * one
    }
  }
  const smallest = Math.max(0, quantileOf(waiting, target.sureness) - 1)
  const needed =
    target.delayedShare > 0
      ? undefined
      : {
          value: smallest,
          low: Math.max(0, smallest * 0.9 - 2),
          high: Math.min(loop.clients - 1, smallest * 1.06 + 2),
        }
  return {
    balance: undefined,
    waitingMean: undefined,
    waitingP99: undefined,
    needed,
    outcome: () => ({
      method: 'closed form',
      basis: 'who thinks when all stand still',
      estimates: needed === undefined ? {} : { backlog: needed },
    }),
    why: [
      `Within ${duration(stallMs)} each of those who think comes with a probability of ${percent(Number(comes.toPrecision(3)))}, and nobody is served: at its end ${number(Number(mean(waiting).toPrecision(3)))} wait on average, and ${number(quantileOf(waiting, target.sureness))} or fewer with ${percent(target.sureness)} certainty; N + 1 fit.`,
    ],
  }
}

const mean = (shares: Float64Array): number => shares.reduce((sum, share, n) => sum + n * share, 0)

/** The share that meets more than `count`. */
const tailOf = (shares: Float64Array, count: number): number =>
  shares.reduce((sum, share, n) => (n > count ? sum + share : sum), 0)

/** The smallest N that no more than this share exceeds. */
function smallestWith(shares: Float64Array, most: number): number {
  let beyond = 0
  for (let n = shares.length - 1; n > 0; n--) {
    beyond += shares[n]!
    if (beyond > most) return n
  }
  return 0
}

const quantileOf = (shares: Float64Array, probability: number): number => smallestWith(shares, 1 - probability)
