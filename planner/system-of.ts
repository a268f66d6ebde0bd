/** Makes a system that can be played of what a person knows. */
import { arrivalTimes, poissonArrivals } from '#load/arrivals.ts'
import { seededRandom } from '#load/random.ts'
import { busiest } from './busiest.ts'
import { loopBeginsMs, loopStartsOf } from './closed-loop.ts'
import { relaxationMs, type Situation, serviceMs, socketsOf } from './situation.ts'
import type { EventLoop, Shard, Stall, Steering, System } from './system.ts'

/** Before a single stall, so that it meets a queue as it usually is; after it, so that those who retry meet it too. */
const LEAD_MS = 100
const TAIL_MS = 2500
/** A loaded queue takes so many times its memory to become as it usually is, or the time of so many connections. */
const SETTLED = 3
const BRIEF = 50
/** So that a stall begins before the first one whom it is to meet, whatever rounding does. */
const JUST_BEFORE_MS = 1e-6
const SETTLING_CONNECTIONS = 20_000
/** After the stall where nobody's retry is looked at: only the queue drains. */
const SHORT_TAIL_MS = 50
/** At very high rates the tail is cut to so many connections: who retries then meets an idle system. */
const TAIL_CONNECTIONS = 100_000

/** A system, and the arrivals that its shares are counted over. */
export interface Scene {
  system: System
  window: Stall
}

/** The same situation, backlog and seed give the same scene. An infinite backlog shows how many would come together. */
export function sceneOf(situation: Situation, backlog: number, seed: number, retriesMatter = true): Scene {
  const random = seededRandom(seed)
  const { stall, restart, closedLoop } = situation
  const lone = stall !== undefined && stall.everyMs === undefined
  const recorded = situation.arrivals.shape === 'recorded'
  const forMs = spanMs(situation, retriesMatter)
  const arrivals = arrivalsOf(situation, forMs, random)
  // A queue grows by final ACKs, which arrive one and a half round trips after their clients began.
  const stallFromMs =
    recorded && lone
      ? busiest(arrivals, stall.ms).fromMs + 1.5 * situation.client.rttMs - JUST_BEFORE_MS
      : leadMs(situation, retriesMatter) + random() * gapMs(situation)
  const stalls = (loop: number): Stall[] => stallsOf(situation, loop, stallFromMs, forMs, random)
  const { sockets, loops } = socketsOf(situation)
  const together = periodicStalls(situation, forMs, random)
  const shards = Array.from(
    { length: sockets },
    (_, shard): Shard => ({
      backlog,
      loops: Array.from({ length: loops }, (_, loop) => ({
        ...loopOf(situation, shard * loops + loop),
        stalls: restart
          ? [drainOf(restart, shard)]
          : stall?.whom === 'all' && !lone
            ? together
            : stalls(shard * loops + loop),
      })),
      absences: restart ? [absenceOf(restart, shard)] : [],
    }),
  )
  const halfOpen =
    situation.halfOpenPerSecond === 0
      ? new Float64Array(0)
      : Float64Array.from(poissonArrivals(situation.halfOpenPerSecond, forMs, random))
  return {
    system: {
      arrivals,
      ...(closedLoop !== undefined && { returning: { ...closedLoop, untilMs: forMs } }),
      halfOpen,
      shards,
      steering: steeringOf(situation),
      ...rules(situation),
    },
    // Whose SYN or final ACK arrives while the loop stands still.
    window: lone
      ? {
          fromMs: stallFromMs - 1.5 * situation.client.rttMs,
          toMs: stallFromMs + stall.ms - 0.5 * situation.client.rttMs,
        }
      : { fromMs: closedLoop === undefined ? 0 : loopBeginsMs(situation), toMs: Number.POSITIVE_INFINITY },
  }
}

/** Between two backends that restart, so that the second one meets a group that is whole again. */
const BETWEEN_RESTARTS_MS = 500

const restartAtMs = ({ drainMs, awayMs }: Restart, shard: number): number =>
  LEAD_MS + shard * (drainMs + awayMs + BETWEEN_RESTARTS_MS)

type Restart = NonNullable<Situation['restart']>

/** It accepts no more, while its listener still takes connections: what comes now is in the queue when it closes. */
function drainOf(restart: Restart, shard: number): Stall {
  const fromMs = restartAtMs(restart, shard)
  return { fromMs, toMs: fromMs + restart.drainMs }
}

function absenceOf(restart: Restart, shard: number): Stall {
  const fromMs = drainOf(restart, shard).toMs
  return { fromMs, toMs: fromMs + restart.awayMs }
}

/** What a loaded queue needs to settle; none where accepting costs nothing. */
function settlingMs(situation: Situation): number {
  if (situation.arrivals.shape === 'recorded' || serviceMs(situation) === 0 || situation.closedLoop) return 0
  return Math.min(SETTLED * relaxationMs(situation), (SETTLING_CONNECTIONS / situation.arrivals.ratePerSecond) * 1000)
}

/** Where retries do not matter and accepting costs nothing, a queue is empty whatever was before. */
const leadMs = (situation: Situation, retriesMatter: boolean): number =>
  (situation.closedLoop === undefined ? 0 : loopBeginsMs(situation)) +
  Math.max(1.5 * situation.client.rttMs, retriesMatter ? LEAD_MS : Math.min(LEAD_MS, BRIEF * serviceMs(situation))) +
  settlingMs(situation)

/** How long connections arrive; of a recording, how long they did. */
export function spanMs(situation: Situation, retriesMatter = true): number {
  const { arrivals, stall, restart, forMs } = situation
  if (arrivals.shape === 'recorded') return (arrivals.atMs.at(-1) ?? 0) + 1
  if (restart !== undefined) return restartAtMs(restart, socketsOf(situation).sockets) + TAIL_MS
  if (stall === undefined || stall.everyMs !== undefined)
    return situation.closedLoop === undefined ? forMs : loopBeginsMs(situation) + forMs
  const longTailMs = Math.min(TAIL_MS, (TAIL_CONNECTIONS / arrivals.ratePerSecond) * 1000)
  const tailMs =
    (retriesMatter ? SHORT_TAIL_MS : Math.min(SHORT_TAIL_MS, BRIEF * serviceMs(situation))) + settlingMs(situation)
  return (
    leadMs(situation, retriesMatter) +
    stall.ms +
    (retriesMatter ? Math.max(tailMs, longTailMs) : gapMs(situation) + tailMs)
  )
}

const rules = ({ kernel, client }: Situation) => ({ kernel, client })

/** One CPU for each backend, as such a group is meant to be used. */
const steeringOf = ({ steering, backends }: Situation): Steering =>
  steering === 'cpu' ? { by: 'cpu', cpus: backends } : { by: steering }

function arrivalsOf(situation: Situation, forMs: number, random: () => number): Float64Array {
  const { arrivals, closedLoop } = situation
  if (closedLoop !== undefined) return loopStartsOf(situation, closedLoop, forMs, random)
  switch (arrivals.shape) {
    case 'recorded':
      return arrivals.atMs
    case 'constant':
      return Float64Array.from(arrivalTimes({ ...arrivals, shape: 'constant', durationMs: forMs }))
    case 'poisson':
      return Float64Array.from(poissonArrivals(arrivals.ratePerSecond, forMs, random))
  }
}

/** Where within the gap of two arrivals a stall begins is chance. */
const gapMs = ({ arrivals }: Situation): number => (arrivals.shape === 'constant' ? 1000 / arrivals.ratePerSecond : 0)

/** The first `slow.backends` are slow. */
export function loopOf({ accept, slow }: Situation, number: number): EventLoop {
  const { ms, cv, handleMs, perTurn } = accept
  const acceptMs = slow !== undefined && number < slow.backends ? slow.acceptMs : ms
  return { acceptMs, acceptCv: cv, handleMs, acceptsPerTurn: perTurn, stalls: [] }
}

function stallsOf(situation: Situation, loop: number, fromMs: number, forMs: number, random: () => number): Stall[] {
  const { stall } = situation
  if (stall === undefined) return []
  if (stall.everyMs !== undefined) return periodicStalls(situation, forMs, random)
  return stall.whom === 'all' || loop === 0 ? [{ fromMs, toMs: fromMs + stall.ms }] : []
}

/** One stall in every period, the first one anywhere in it. */
function periodicStalls({ stall }: Situation, forMs: number, random: () => number): Stall[] {
  if (stall?.everyMs === undefined) return []
  const stalls: Stall[] = []
  for (let fromMs = random() * (stall.everyMs - stall.ms); fromMs < forMs; fromMs += stall.everyMs)
    stalls.push({ fromMs, toMs: fromMs + stall.ms })
  return stalls
}
