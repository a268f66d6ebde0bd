/** An answer that a lab has judged. */

import {
  type Answer,
  type Judgement,
  type QuantileCurve,
  type QueueCurve,
  type ShardCurve,
  SYN_SAMPLED_EVERY_MS,
} from '#planner/answer.ts'
import type { Question } from '#planner/ask.ts'
import { Distribution } from '#planner/distribution.ts'
import { type Disagreement, disagreements, type Outcome, quantities } from '#planner/outcome.ts'
import type { Way } from '#planner/questions/ways.ts'
import type { Situation } from '#planner/situation.ts'
import { sceneOf } from '#planner/system-of.ts'
import { namespaces } from '../namespaces/driver.ts'
import { type Confirmation, confirm } from './confirm.ts'
import { labSceneOf } from './lab-scene.ts'
import type { OwnServerLab } from './own-server.ts'
import { playsOf } from './plays.ts'
import type { CurveBand } from './predict-run.ts'

/**
 * The answer with the lab's judgement of each setting that it rests on. `onPlay` hears which one is played now, and for how
 * long its clients come, in milliseconds. Throws a UsageError that says what a lab cannot play.
 */
export async function confirmed(
  answer: Answer,
  question: Question,
  situation: Situation,
  onPlay: (name: string, forMs: number) => void = () => {},
  on?: OwnServerLab,
): Promise<Answer> {
  const plays = playsOf(question, situation, answer).map((way) => ({ way, scene: sceneFor(way) }))
  // Before the first one is played.
  for (const { scene } of plays) {
    const asked = labSceneOf(scene.system)
    on?.refuse(asked)
  }
  await namespaces.preflight()
  const lab: Judgement[] = []
  for (const { way, scene } of plays) {
    onPlay(way.name, scene.system.arrivals.at(-1) ?? 0)
    lab.push(judgementOf(way.name, await confirm(scene, on)))
  }
  return {
    ...answer,
    answer: [...answer.answer, verdictOf(lab)],
    lab,
    disagreements: [...answer.disagreements, ...lab.flatMap((one) => one.disagreements)],
  }
}

const sceneFor = ({ situation, backlog }: Way) =>
  sceneOf(situation, Math.min(backlog, situation.somaxconn), situation.seed)

function verdictOf(lab: readonly Judgement[]): string {
  const judged = lab.filter(({ verdict }) => verdict !== 'not judged')
  if (judged.length === 0) return `Not judged by this lab: ${lab.map(({ reason }) => reason).join('; ')}.`
  const against = judged.filter(({ verdict }) => verdict === 'contradicts')
  const missing =
    judged.length < lab.length ? `, as far as it could judge (${judged.length} of ${lab.length} runs)` : ''
  return against.length === 0
    ? `The lab agrees${missing}: with the same arrivals and stalls the kernel behaved as predicted.`
    : `The lab contradicts the prediction${missing}: see below.`
}

/**
 * The shares of connections at which a distribution is drawn: this many in each further nine up to 99.9 %, since a step of
 * one second begins at the share of connections that lost a SYN; plus one half and all.
 */
const IN_A_NINE = 64
const SHARES = [0.5, 1, ...Array.from({ length: 3 * IN_A_NINE + 1 }, (_, at) => 1 - 10 ** (-at / IN_A_NINE))].sort(
  (a, b) => a - b,
)

/** What a confirmation says beyond its outcomes. */
type Seen = Pick<Confirmation, 'run' | 'curveEveryMs' | 'loops'>

function judgementOf(name: string, { notJudged, predicted, measured, asItHappened, ...seen }: Confirmation): Judgement {
  const { run } = seen
  const against = (one: Outcome): Disagreement[] => disagreements([forAll(one), measured])
  const apart = notJudged === undefined ? against(predicted.outcome) : []
  const unexplained = new Set(against(asItHappened).map(({ quantity }) => quantity))
  const found = apart.filter(({ quantity }) => unexplained.has(quantity))
  // What differs from the plan, and not from what really happened, is the machine's.
  const otherwise =
    apart.length > 0 && found.length === 0
      ? `the machine did not play the plan as given, and the simulation is right about what it did play (${apart.map(({ quantity }) => quantities[quantity]).join(', ')})`
      : undefined
  const reason = notJudged ?? otherwise ?? null
  return {
    name,
    verdict: reason !== null ? 'not judged' : found.length === 0 ? 'agrees' : 'contradicts',
    reason,
    predicted: predicted.outcome,
    measured,
    asItHappened,
    disagreements: found,
    queues: predicted.queues.map((curve, shard) => shardCurve(shard, curve, seen)),
    synQueue: synQueueCurve(predicted.synQueue, seen),
    connectMs: quantiles(
      predicted.runs.map(({ connectMs }) => connectMs),
      run.records.map(({ connectedMs = Number.NaN, startedMs }) => connectedMs - startedMs),
    ),
    acceptWaitMs: quantiles(
      predicted.runs.map(({ acceptWaitMs }) => acceptWaitMs),
      run.records.map(({ acceptWaitMs = Number.NaN }) => acceptWaitMs),
    ),
    played: {
      connections: run.records.length,
      scheduleLagP99Ms: run.report.scheduleLagMs.p99,
      acceptMs: seen.acceptMs ?? null,
      sampledEveryMs: seen.sampledEveryMs,
      outcomes: run.report.outcomes,
    },
  }
}

/** Of ten numbers of one run, some number errs by chance more often than any given one: their bounds are widened for that. */
const TEN_AT_ONCE = 1.3

const forAll = (outcome: Outcome): Outcome => ({
  ...outcome,
  estimates: Object.fromEntries(
    Object.entries(outcome.estimates).map(([quantity, { value, low, high }]) => [
      quantity,
      { value, low: value - (value - low) * TEN_AT_ONCE, high: value + (high - value) * TEN_AT_ONCE },
    ]),
  ),
})

function shardCurve(shard: number, predicted: CurveBand, { run, curveEveryMs, loops }: Seen): ShardCurve {
  const number = run.shards[shard]?.number
  const own = run.lengths.filter((sample) => sample.shard === number)
  const pieces = Math.max(predicted.mean.length, Math.ceil(lastQueued(own) / curveEveryMs))
  const first = loops.slice(0, shard).reduce((sum, count) => sum + count, 0)
  return {
    shard,
    limit: run.shards[shard]?.limit ?? 0,
    everyMs: curveEveryMs,
    predicted,
    measured: longestIn(own, curveEveryMs, pieces),
    stalls: run.stalls.slice(first, first + loops[shard]!).flat(),
  }
}

/** In pieces that hold two samples each. */
function synQueueCurve({ low, mean, high }: CurveBand, { run, curveEveryMs }: Seen): QueueCurve | null {
  if (!run.flooded) return null
  const together = Math.ceil((2 * SYN_SAMPLED_EVERY_MS) / curveEveryMs)
  const everyMs = together * curveEveryMs
  const pieces = Math.ceil(run.synLengths.reduce((last, { atMs }) => Math.max(last, atMs), 0) / everyMs)
  const joined = (values: readonly number[]): number[] =>
    Array.from({ length: pieces }, (_, piece) => Math.max(0, ...values.slice(piece * together, (piece + 1) * together)))
  return {
    limit: run.shards.reduce((sum, { limit }) => sum + limit + 1, -1),
    everyMs,
    predicted: { low: joined(low), mean: joined(mean), high: joined(high) },
    measured: longestIn(run.synLengths, everyMs, pieces),
  }
}

/** The longest length sampled in each piece; null where there was no sample. */
function longestIn(samples: readonly { atMs: number; length: number }[], everyMs: number, pieces: number) {
  const longest: (number | null)[] = new Array(pieces).fill(null)
  for (const { atMs, length } of samples) {
    const piece = Math.floor(atMs / everyMs)
    if (piece >= 0 && piece < pieces) longest[piece] = Math.max(longest[piece] ?? 0, length)
  }
  return longest
}

/** When a queue was last seen with a connection in it. */
const lastQueued = (samples: readonly { atMs: number; length: number }[]): number =>
  samples.reduce((last, { atMs, length }) => (length > 0 ? Math.max(last, atMs) : last), 0)

function quantiles(predicted: readonly Float64Array[], measured: readonly number[]): QuantileCurve {
  const simulated = new Distribution(predicted.flatMap((run) => [...run]))
  const seen = new Distribution(measured)
  const at = (of: Distribution) => SHARES.map((share) => (of.count === 0 ? null : of.quantile(share)))
  return { shares: SHARES, predicted: at(simulated), measured: at(seen) }
}
