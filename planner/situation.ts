/** What a person knows of a load and of the servers behind it: the input of every question. Complete, checked, in milliseconds. */
import type { PortsPlan } from './questions/ports.ts'
import type { ScaleOutPlan } from './questions/scale-out.ts'
import type { ClientRules, KernelRules } from './system.ts'

export type ArrivalsPlan =
  | { shape: 'constant' | 'poisson'; ratePerSecond: number }
  | {
      shape: 'recorded'
      /** First SYNs, never decreasing, from 0. */
      atMs: Float64Array
      /** Where they come from, and what was taken for granted in reading them. */
      source: string
    }

/** So many clients, each of which asks again some time after its answer. */
export interface ClosedLoopPlan {
  clients: number
  /** On average, from an answer to the next SYN. */
  thinkMs: number
}

interface StallPlan {
  ms: number
  /** Each backend stands still once in so much time; undefined for a single stall. */
  everyMs: number | undefined
  /** One backend at a time, or all of them at once. */
  whom: 'one' | 'all'
}

interface Target {
  /** The share of connections that may lose a SYN or a final ACK; 0 for none. */
  delayedShare: number
  /** With which probability a target of none must hold. */
  sureness: number
  /** What 99 % of the accept waits must not exceed; undefined if it does not matter. */
  waitMs: number | undefined
}

export interface Situation {
  arrivals: ArrivalsPlan
  forMs: number
  backends: number
  /** `sharded`: a socket for each backend; `shared`: one socket from which all accept. */
  mode: 'sharded' | 'shared'
  steering: 'hash' | 'random' | 'cpu'
  /** As it is set, or undefined where it is asked for. */
  backlog: number | undefined
  somaxconn: number
  accept: { ms: number; cv: number; handleMs: number; perTurn: number }
  stall: StallPlan | undefined
  slow: { backends: number; acceptMs: number } | undefined
  /** Each backend in turn accepts no more for `drainMs`, is away for `awayMs`, and comes back. */
  restart: { drainMs: number; awayMs: number } | undefined
  halfOpenPerSecond: number
  /** Of the client's side, for the question of its source ports. */
  ports?: PortsPlan | undefined
  /** Clients who each ask again, in place of arrivals that come whatever happens; `arrivals` then has the rate at which they ask. */
  closedLoop?: ClosedLoopPlan | undefined
  /** A load that grows, for the question of when to scale out. */
  scaleOut?: ScaleOutPlan | undefined
  kernel: KernelRules
  client: ClientRules
  target: Target
  seed: number
}

/** New connections a second, on average. */
export function ratePerSecond({ arrivals }: Situation): number {
  if (arrivals.shape !== 'recorded') return arrivals.ratePerSecond
  const { atMs } = arrivals
  const spanMs = (atMs.at(-1) ?? 0) - (atMs[0] ?? 0)
  return spanMs === 0 ? 0 : ((atMs.length - 1) / spanMs) * 1000
}

/** How many sockets share the load, and how many loops accept from each. */
export const socketsOf = ({ mode, backends }: Situation): { sockets: number; loops: number } =>
  mode === 'sharded' ? { sockets: backends, loops: 1 } : { sockets: 1, loops: backends }

/** What one connection costs a loop. */
export const serviceMs = ({ accept }: Situation): number => accept.ms + accept.handleMs

/** The share of its time in which a loop does not stand still. */
export const awakeShare = ({ stall }: Situation): number =>
  stall?.everyMs === undefined ? 1 : Math.max(0, 1 - stall.ms / stall.everyMs)

/** Load over capacity; 1 and more is unstable. Of a recording while it lasts: what all of it at once brings is infinite. */
export function utilisation(situation: Situation): number {
  const service = serviceMs(situation)
  const perSecond = isInstant(situation) && service > 0 ? Number.POSITIVE_INFINITY : ratePerSecond(situation)
  return (perSecond * service) / 1000 / situation.backends / awakeShare(situation)
}

/** Whether a load lasts that the backends cannot carry. A recording ends: what it brings is done some time after it. */
export const isOverloaded = (situation: Situation): boolean =>
  situation.arrivals.shape !== 'recorded' && utilisation(situation) >= 1

/** Whether a recording has no length: all of it comes at once. */
const isInstant = ({ arrivals }: Situation): boolean =>
  arrivals.shape === 'recorded' && arrivals.atMs.length > 1 && arrivals.atMs.at(-1) === arrivals.atMs[0]

/**
 * About how long queues remember: what a loop needs to forget how it began, if nothing bounds its queue. Infinite for a
 * load above capacity.
 */
export function relaxationMs(situation: Situation): number {
  const load = utilisation(situation)
  if (load >= 1) return Number.POSITIVE_INFINITY
  return (serviceMs(situation) * (1 + situation.accept.cv ** 2)) / 2 / (1 - Math.sqrt(load)) ** 2
}
