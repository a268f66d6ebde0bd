/**
 * A closed loop in balance: N clients who think, go to one of the sockets at random, wait, are served, and think again. With
 * exponential service this is a product-form network (BCMP; the machine repairman where there is one socket): exact, whatever
 * the distribution of the time to think. Solved by convolution (Buzen 1973), in logarithms.
 */
import { gammaTail, logGamma } from './special-functions.ts'
import { tailQuantile } from './tail-quantile.ts'

export interface ClosedLoop {
  clients: number
  /** From an answer until the next connection could be accepted, if nobody waited: thinking, and the network. */
  thinkMs: number
  /** What a loop needs for one, on average. */
  serviceMs: number
  sockets: number
  /** That accept from each socket: one, where there are several sockets. */
  loops: number
}

export interface LoopBalance {
  /** All sockets together. */
  answersPerMs: number
  /** The share of their time in which the loops are busy. */
  utilisation: number
  /** From the moment at which a loop could have accepted it until its answer. */
  responseMs: number
  /** The share of time with so many at one socket, those in service among them; from none to all. */
  atSocket: Float64Array
  /** The same as who comes sees it: as if there were one client fewer (the arrival theorem). */
  seen: Float64Array
}

/** Throws nothing; needs at least one client, and a service or thinking that takes time. */
export function closedLoop(loop: ClosedLoop): LoopBalance {
  const { clients, thinkMs, serviceMs, sockets, loops } = loop
  const socket = socketWeights(loop)
  let others: Float64Array = Float64Array.from(
    { length: clients + 1 },
    (_, n) => n * Math.log(thinkMs) - logGamma(n + 1),
  )
  if (thinkMs === 0) others = others.map((_, n) => (n === 0 ? 0 : Number.NEGATIVE_INFINITY))
  for (let i = 1; i < sockets; i++) others = withOneMore(others, serviceMs / sockets)
  const marginal = (present: number): Float64Array => {
    const logs = socket.subarray(0, present + 1).map((weight, n) => weight + others[present - n]!)
    return normalised(logs)
  }
  const atSocket = marginal(clients)
  const busy = atSocket.reduce((sum, share, n) => sum + share * Math.min(n, loops), 0)
  const answersPerMs = (sockets * busy) / serviceMs
  return {
    answersPerMs,
    utilisation: busy / loops,
    responseMs: clients / answersPerMs - thinkMs,
    atSocket,
    seen: marginal(clients - 1),
  }
}

/**
 * The same where one socket has room for `backlog` + 1 beyond its loops, and who finds it full comes again after `retryMs`: a client
 * who is not at the socket thinks or waits for its retry, and either ends at a rate that the share of those who are turned away
 * decides, which it decides in turn. Exact where retries find the queue as others do.
 */
export function withRoom(
  loop: ClosedLoop & { sockets: 1 },
  backlog: number,
  retryMs: number,
): { refused: number; answersPerMs: number } {
  const { clients, thinkMs } = loop
  const socket = socketWeights(loop)
  const most = Math.min(clients, backlog + 1 + loop.loops)
  // Attempts of one client who is outside: 1 / ((1 − B) think + B retry).
  const at = (refused: number) => {
    const outsideMs = (1 - refused) * thinkMs + refused * retryMs
    if (outsideMs === 0) return { refused: most < clients ? 1 : 0, answersPerMs: 0 }
    const states = normalised(
      Float64Array.from(
        { length: most + 1 },
        (_, n) => logGamma(clients + 1) - logGamma(clients - n + 1) - n * Math.log(outsideMs) + socket[n]!,
      ),
    )
    const attempts = states.reduce((sum, share, n) => sum + share * (clients - n), 0)
    const busy = states.reduce((sum, share, n) => sum + share * Math.min(n, loop.loops), 0)
    return {
      refused: attempts === 0 ? 0 : (states[most]! * (clients - most)) / attempts,
      answersPerMs: busy / loop.serviceMs,
    }
  }
  let [low, high] = [0, 1]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (at(middle).refused > middle) low = middle
    else high = middle
  }
  return { refused: high, answersPerMs: at(high).answersPerMs }
}

/** Of so many at a socket, to which one in so many comes: S^n over how many loops were busy on the way. */
function socketWeights({ clients, serviceMs, sockets, loops }: ClosedLoop): Float64Array {
  const weights = new Float64Array(clients + 1)
  for (let n = 1; n <= clients; n++) weights[n] = weights[n - 1]! + Math.log(serviceMs / sockets / Math.min(n, loops))
  return weights
}

/** One more socket with a single loop: each term of its sum is the service time times the one before (Buzen). */
function withOneMore(others: Float64Array, serviceMs: number): Float64Array {
  const sums = Float64Array.from(others)
  for (let n = 1; n < sums.length; n++) {
    const [one, other] = [others[n]!, Math.log(serviceMs) + sums[n - 1]!]
    const highest = Math.max(one, other)
    sums[n] = highest + Math.log1p(Math.exp(Math.min(one, other) - highest))
  }
  return sums
}

function normalised(logs: Float64Array): Float64Array {
  const highest = logs.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY)
  const weights = logs.map((one) => Math.exp(one - highest))
  const total = weights.reduce((sum, one) => sum + one, 0)
  return weights.map((one) => one / total)
}

/** How many wait at the socket, by the shares of how many are there. */
export const waitingOf = (states: Float64Array, loops: number): Float64Array =>
  states.reduce(
    (waiting, share, n) => {
      waiting[Math.max(0, n - loops)]! += share
      return waiting
    },
    new Float64Array(Math.max(1, states.length - loops)),
  )

/** The wait that a share `probability` of those who come does not exceed: who finds n ahead waits for n − c + 1 ends of service. */
export function waitQuantileMs(seen: Float64Array, loops: number, serviceMs: number, probability: number): number {
  const over = (ms: number): number =>
    seen.reduce(
      (sum, share, n) =>
        n < loops || share < 1e-15 ? sum : sum + share * gammaTail(n - loops + 1, (ms * loops) / serviceMs),
      0,
    )
  return tailQuantile(over, probability, serviceMs)
}
