/**
 * Queues that turn away who finds them full, with Poisson arrivals: M/G/1/K for one event loop (M/M/1/K and M/D/1/K
 * among them), M/M/c/K for loops that share a socket. K counts those in service too: a backlog of N holds N + 1, and
 * every loop has one in hand, so K = N + 1 + c.
 */
import { type CountDistribution, meanOf } from './count-distribution.ts'
import { gammaTail, logGamma } from './special-functions.ts'
import { tailQuantile } from './tail-quantile.ts'

/** A queue in balance. Times are in the unit of the mean service. */
export interface LossQueue {
  /** Offered load: arrival rate × mean service ÷ servers. */
  utilisation: number
  /** The share of all moments, and so of all arrivals (PASTA), that finds it full. */
  blocking: number
  /** How many wait, those in service left out. */
  waiting: CountDistribution
  meanWaiting: number
  /** The mean wait of those that get in. */
  meanWait: number
  /** The share of those that get in which waits longer than this. */
  waitTail(wait: number): number
}

/** The capacity K of a queue with this backlog and so many event loops. */
export const capacityOf = (backlog: number, loops: number): number => backlog + 1 + loops

/**
 * M/G/1/K: service with this mean and coefficient of variation (gamma distributed; 0 constant, 1 exponential). The
 * blocking is exact. The wait is exact for exponential service, else within one service time: what is left of the
 * service under way is taken as independent of how many wait.
 */
export function mg1k(arrivalsPerService: number, cv: number, capacity: number): LossQueue {
  const arrivals = arrivalsInService(arrivalsPerService, cv)
  const departures = embeddedChain(arrivals, capacity)
  const total = departures.reduce((sum, weight) => sum + weight, 0)
  // Takács: time averages from what departures leave behind.
  const scale = departures[0]! / total + arrivalsPerService
  const blocking = Math.max(0, 1 - 1 / scale)
  const states = Float64Array.from({ length: capacity + 1 }, (_, n) =>
    n < capacity ? departures[n]! / total / scale : blocking,
  )
  const residualMean = (1 + cv ** 2) / 2
  // Of the equilibrium residual of a gamma variate: E[S³]/3 − (E[S²]/2)².
  const residualVariance = ((1 + cv ** 2) * (1 + 2 * cv ** 2)) / 3 - residualMean ** 2
  return balanced(states, 1, arrivalsPerService, {
    mean: (ahead) => residualMean + ahead - 1,
    variance: (ahead) => residualVariance + (ahead - 1) * cv ** 2,
  })
}

/** M/M/c/K, exact: one socket that `servers` loops accept from. `arrivalsPerService` is the whole arrival rate × mean service. */
export function mmck(arrivalsPerService: number, servers: number, capacity: number): LossQueue {
  const logWeights = Float64Array.from({ length: capacity + 1 }, (_, n) =>
    n <= servers
      ? n * Math.log(arrivalsPerService) - logGamma(n + 1)
      : n * Math.log(arrivalsPerService) - logGamma(servers + 1) - (n - servers) * Math.log(servers),
  )
  const highest = logWeights.reduce((most, weight) => Math.max(most, weight))
  const weights = logWeights.map((weight) => Math.exp(weight - highest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return balanced(
    weights.map((weight) => weight / total),
    servers,
    arrivalsPerService / servers,
    {
      mean: (ahead) => ahead / servers,
      variance: (ahead) => ahead / servers ** 2,
    },
  )
}

/** The wait of one who finds so many ahead, counted from the first that has to go before a server is free. */
interface WaitBehind {
  mean(ahead: number): number
  variance(ahead: number): number
}

/** `states[n]` is the share of time with n in the system. */
function balanced(states: Float64Array, servers: number, utilisation: number, behind: WaitBehind): LossQueue {
  const blocking = states.at(-1)!
  const waiting = waitingOf(states, servers)
  const admitted = states.subarray(0, -1)
  const over = (value: (ahead: number) => number): number =>
    admitted.reduce((sum, share, n) => (n < servers || share < 1e-15 ? sum : sum + share * value(n - servers + 1)), 0) /
    (1 - blocking)
  return {
    utilisation,
    blocking,
    waiting,
    meanWaiting: meanOf(waiting),
    meanWait: over(behind.mean),
    waitTail: (wait) =>
      over((ahead) => {
        const mean = behind.mean(ahead)
        const variance = behind.variance(ahead)
        // A gamma variate of the same mean and variance; exact where services are exponential.
        return variance === 0 ? Number(mean > wait) : gammaTail(mean ** 2 / variance, (wait * mean) / variance)
      }),
  }
}

/** Shares below this are left out: how often so many wait. */
const SELDOM = 1e-12

function waitingOf(states: Float64Array, servers: number): CountDistribution {
  let last = states.length - 1
  while (last > servers && states[last]! < SELDOM) last--
  const none = states.subarray(0, servers + 1).reduce((sum, share) => sum + share, 0)
  return { from: 0, probabilities: Float64Array.of(none, ...states.subarray(servers + 1, last + 1)) }
}

/** The wait, in services, that a share `probability` of those that get in does not exceed. */
export const waitQuantile = ({ waitTail }: LossQueue, probability: number): number =>
  tailQuantile(waitTail, probability, 1)

/** The probabilities of 0, 1, … Poisson arrivals during a gamma distributed service: a negative binomial; Poisson for cv 0. */
function arrivalsInService(mean: number, cv: number): Float64Array {
  const probabilities: number[] = []
  let probability = cv === 0 ? Math.exp(-mean) : (1 + mean * cv ** 2) ** (-1 / cv ** 2)
  let left = 1
  for (let n = 0; n < 1_000_000 && (left > 1e-16 || n < mean); n++) {
    probabilities.push(probability)
    left -= probability
    probability *= cv === 0 ? mean / (n + 1) : ((1 / cv ** 2 + n) / (n + 1)) * ((mean * cv ** 2) / (1 + mean * cv ** 2))
    if (probability < 1e-300 && n > mean) break
  }
  return Float64Array.from(probabilities)
}

/**
 * Weights of 0 … K − 1 left behind by a departure. Each level is crossed upwards as often as downwards, which is a sum of
 * positive terms: no cancellation, however large K is.
 */
function embeddedChain(arrivals: Float64Array, capacity: number): Float64Array {
  // more[k]: the probability of more than k arrivals, added from the small end.
  const more = new Float64Array(arrivals.length)
  for (let k = arrivals.length - 2; k >= 0; k--) more[k] = more[k + 1]! + arrivals[k + 1]!
  const weights = new Float64Array(capacity)
  weights[0] = 1
  for (let level = 0; level < capacity - 1; level++) {
    let up = weights[0]! * (more[level] ?? 0)
    for (let n = Math.max(1, level + 2 - more.length); n <= level; n++) up += weights[n]! * more[level - n + 1]!
    weights[level + 1] = up / arrivals[0]!
    if (weights[level + 1]! > 1e200) for (let n = 0; n <= level + 1; n++) weights[n]! *= 1e-200
  }
  return weights
}
