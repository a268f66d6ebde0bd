/** Has a lab judge a scene: the same arrivals, the same stalls, a real kernel. */
import os from 'node:os'
import { duration } from '#common/quantities.ts'
import type { Estimate, Outcome, Quantity } from '#planner/outcome.ts'
import type { System } from '#planner/system.ts'
import type { Scene } from '#planner/system-of.ts'
import { busyGapMs } from './calibrate.ts'
import { tooHeldUp } from './held-up.ts'
import { delayOf, labSceneOf } from './lab-scene.ts'
import { fidelityOf, numbersOfLab, outcomeOfLab, unreadOf } from './measured.ts'
import type { OwnServerLab } from './own-server.ts'
import { type LabRun, playInLab } from './play-in-lab.ts'
import { predictRun, type RunPrediction } from './predict-run.ts'

export interface Confirmation {
  /** Why this machine cannot judge it; undefined if it can. */
  notJudged: string | undefined
  predicted: RunPrediction
  measured: Outcome
  /** The simulation once more, with arrivals, stalls and accepts as they really were: what of an error is the machine's. */
  asItHappened: Outcome
  /** What the slowest accepts took while it ran; undefined where no connection waited for one. */
  acceptMs: number | undefined
  /** By how many the longest accept queue may be longer than what was read of it. */
  unread: number
  /** How many event loops accept from each socket. */
  loops: number[]
  sampledEveryMs: number
  /** How long the pieces of the predicted curves are. */
  curveEveryMs: number
  run: LabRun
}

/** Pieces of a curve, as many as a plot can show. */
const PIECES = 500

/**
 * Plays a scene in a lab, or on somebody's server, and holds the prediction against it. `told` are the arrivals as they were
 * known beforehand, where that was less exactly than they are played. Throws a UsageError that says what a lab cannot play.
 */
export async function confirm(
  scene: Scene,
  on?: OwnServerLab,
  told?: (seed: number) => Float64Array,
): Promise<Confirmation> {
  const { window } = scene
  // An accept of somebody's server takes what it takes: all of it is measured, nothing is delayed.
  const system = on === undefined ? scene.system : undelayed(scene.system)
  const asked = labSceneOf(system)
  const run = await (on === undefined ? playInLab(asked) : on.play(asked))
  const accepts = acceptsOf(system, run)
  const fidelity = fidelityOf(run, asked, accepts)
  const perSecond = (system.arrivals.length / Math.max(1, system.arrivals.at(-1) ?? 1)) * 1000
  const unread = unreadOf(run, perSecond / system.shards.length)
  const measured = outcomeOfLab(numbersOfLab(run, window), fidelity, perSecond / system.shards.length, unread)
  // Two samples in each.
  const curveEveryMs = Math.max(2 * asked.sampleEveryMs, Math.ceil((system.arrivals.at(-1) ?? 0) / PIECES))
  // What an accept costs in this lab is a fact about the machine, not about the plan.
  const predictWith = (acceptMs: number): RunPrediction =>
    predictRun(withAcceptCost(system, acceptMs), window, curveEveryMs, told)
  const predicted = predictWith(run.acceptOverheadMs)
  return {
    notJudged:
      fidelity.tooFarOff ?? unsteady(run, predicted, predictWith) ?? tooHeldUp(run, perSecond / system.shards.length),
    predicted,
    measured: on?.connectsOnly === true ? asFarAsSeen(measured) : measured,
    unread,
    asItHappened: predictRun(happened(system, run), window, curveEveryMs).outcome,
    acceptMs: accepts?.seenMs ?? (on === undefined ? undefined : run.acceptOverheadMs),
    loops: system.shards.map(({ loops }) => loops.length),
    curveEveryMs,
    run,
    sampledEveryMs: asked.sampleEveryMs,
  }
}

/** Without what only a client that is answered can tell. */
const asFarAsSeen = ({ estimates: { lostShare: _, resets: __, ...estimates }, ...measured }: Outcome): Outcome => ({
  ...measured,
  estimates,
})

const undelayed = (system: System): System => ({
  ...system,
  shards: system.shards.map((shard) => ({
    ...shard,
    loops: shard.loops.map((loop) => ({ ...loop, acceptMs: 0, handleMs: 0 })),
  })),
})

/** By how much what an accept costs may change from before a run until after it. */
const STEADY = 1.5

/**
 * Why a run on a server that does not say itself what its accepts took cannot be judged; undefined if it can: they took the same
 * before and after, or another answer does not follow from it.
 */
function unsteady(
  { acceptOverheadMs: before, acceptAfterMs: after = before }: Pick<LabRun, 'acceptOverheadMs' | 'acceptAfterMs'>,
  predicted: RunPrediction,
  predictWith: (acceptMs: number) => RunPrediction,
): string | undefined {
  if (Math.max(before, after) <= STEADY * Math.min(before, after)) return undefined
  if (areAlike(predicted.outcome, predictWith(after).outcome)) return undefined
  return `an accept took ${duration(before)} when it was measured before the run, and ${duration(after)} after it`
}

/** Whether each number of two predictions lies within what the other leaves to chance, or near it. */
export function areAlike({ estimates: one }: Outcome, { estimates: other }: Outcome): boolean {
  return (Object.keys(one) as Quantity[]).every((quantity) => {
    const [a, b] = [one[quantity], other[quantity]]
    return a === undefined || b === undefined || (within(a.value, b) && within(b.value, a))
  })
}

/** A third of what the longest wait may be off by: nothing is judged by less. */
const NEAR = 0.05

const within = (value: number, { low, high }: Estimate): boolean =>
  value >= low * (1 - NEAR) && value <= high * (1 + NEAR)

/** What a lab's one process of clients takes for a request. */
const REQUEST_GAP_MS = 0.1

/**
 * On a lab's wire a handshake is over within the call that sends the SYN: no other one comes between
 * (docs/kernel-facts.md#handshakes-on-one-machine).
 */
const withAcceptCost = (system: System, overheadMs: number): System => ({
  ...system,
  client: {
    ...system.client,
    rttMs: 0,
    hosts: 1,
    cpusPerHost: os.availableParallelism(),
    requestGapMs: REQUEST_GAP_MS,
  },
  shards: system.shards.map((shard) => ({
    ...shard,
    loops: shard.loops.map((loop) => ({
      ...loop,
      acceptMs: delayOf(loop) + overheadMs,
      handleMs: 0,
    })),
  })),
})

/** What the slowest accepts took while the scene ran, and should have taken; undefined where no connection waited for one. */
function acceptsOf(system: System, run: LabRun): { seenMs: number; expectedMs: number; delayMs: number } | undefined {
  const delays = system.shards.flatMap(({ loops }) => loops.map(delayOf))
  const delayMs = Math.max(...delays)
  // backend-2 is the second of several backends, backend-1.2 the second process of a shared one.
  const loopOf = (backend = ''): number => Number(/\d+$/.exec(backend)?.[0] ?? 0) - 1
  const seenMs = busyGapMs(run.records.filter(({ backend }) => delays[loopOf(backend)] === delayMs))
  return Number.isNaN(seenMs) ? undefined : { seenMs, expectedMs: delayMs + run.acceptOverheadMs, delayMs }
}

/** Arrivals, stalls and accepts as they really were. */
function happened(system: System, run: LabRun): System {
  const accepts = acceptsOf(system, run)
  const overheadMs = accepts === undefined ? run.acceptOverheadMs : accepts.seenMs - accepts.delayMs
  const here = withAcceptCost(system, overheadMs)
  let loop = 0
  return {
    ...here,
    arrivals: Float64Array.from(run.records, ({ startedMs }) => startedMs).sort(),
    shards: here.shards.map((shard) => ({
      ...shard,
      loops: shard.loops.map((plan) => ({ ...plan, stalls: run.stalls[loop++]! })),
    })),
  }
}
