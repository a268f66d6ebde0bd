/** A closed loop as it is played: when its clients begin, and from when on it counts. */
import { type ClosedLoop, closedLoop } from './closed/closed-loop.ts'
import { type ClosedLoopPlan, type Situation, serviceMs, socketsOf } from './situation.ts'

/** So many rounds until a loop is as it usually is, and at least so long where retries of seconds are a part of it. */
const ROUNDS = 5
const RETRIES_MS = 5000
/** What is looked at. */
const PLAYED_CONNECTIONS = 60_000
const LEAST_ROUNDS = 30
/** Room for more than come on average. */
const ROOM = 1.2
const ROOM_DEVIATIONS = 12

/** Two round trips belong to each connection: the handshake's one and a half, and half of one for the answer. */
export const loopOfClients = (situation: Situation, { clients, thinkMs }: ClosedLoopPlan): ClosedLoop => ({
  clients,
  thinkMs: thinkMs + 2 * situation.client.rttMs,
  serviceMs: serviceMs(situation),
  ...socketsOf(situation),
})

/** The rate at which they ask, if nobody is turned away and service is exponential. */
export const askedPerSecond = (situation: Situation, plan: ClosedLoopPlan): number =>
  closedLoop(loopOfClients(situation, plan)).answersPerMs * 1000

/** From one answer to the next, if all others wait before. */
const roundMs = ({ clients, thinkMs, serviceMs: one, sockets, loops }: ClosedLoop): number =>
  thinkMs + one * Math.max(1, clients / sockets / loops)

const planOf = ({ closedLoop: plan }: Situation): ClosedLoopPlan => {
  if (plan === undefined) throw new TypeError('This situation has no closed loop')
  return plan
}

/** From then on shares are counted. */
export function loopBeginsMs(situation: Situation): number {
  const rounds = ROUNDS * roundMs(loopOfClients(situation, planOf(situation)))
  return rounds + (situation.backlog === undefined ? 0 : RETRIES_MS)
}

/** How long it is looked at where nobody says so. */
export function usualLoopSpanMs(situation: Situation): number {
  const plan = planOf(situation)
  const loop = loopOfClients(situation, plan)
  const connectionsMs = (PLAYED_CONNECTIONS / askedPerSecond(situation, plan)) * 1000
  return Math.ceil(Math.max(Math.min(connectionsMs, 600_000), LEAST_ROUNDS * roundMs(loop)))
}

/** Clients begin spread over one round; behind them is room for the connections that they make later. */
export function loopStartsOf(
  situation: Situation,
  plan: ClosedLoopPlan,
  forMs: number,
  random: () => number,
): Float64Array {
  const over = roundMs(loopOfClients(situation, plan))
  const first = Float64Array.from({ length: plan.clients }, () => random() * over).sort()
  const expected = (askedPerSecond(situation, plan) * forMs) / 1000
  const room = Math.ceil(ROOM * expected + ROOM_DEVIATIONS * Math.sqrt(expected)) + plan.clients
  const all = new Float64Array(plan.clients + room).fill(Number.NaN)
  all.set(first)
  return all
}
