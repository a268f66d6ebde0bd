/** An answer that a lab has judged. */
import { namespaces } from '../../namespaces/driver.ts'
import type { Answer, Judgement, QuantileCurve, QueueCurve } from '../answer.ts'
import type { Question } from '../ask.ts'
import { Distribution } from '../distribution.ts'
import { disagreements, type Outcome } from '../outcome.ts'
import type { Way } from '../questions/ways.ts'
import type { Situation } from '../situation.ts'
import { sceneOf } from '../system-of.ts'
import { type Confirmation, confirm } from './confirm.ts'
import { labSceneOf } from './lab-scene.ts'
import { playsOf } from './plays.ts'

/** The answer with the lab's judgement of each setting that it rests on. Throws a UsageError that says what a lab cannot play. */
export async function confirmed(
  answer: Answer,
  question: Question,
  situation: Situation,
  onPlay: (name: string) => void = () => {},
): Promise<Answer> {
  const plays = playsOf(question, situation, answer).map((way) => ({ way, scene: sceneFor(way) }))
  for (const { scene } of plays) labSceneOf(scene.system) // before the first one is played
  await namespaces.preflight()
  const lab: Judgement[] = []
  for (const { way, scene } of plays) {
    onPlay(way.name)
    lab.push(judgementOf(way.name, await confirm(scene)))
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
    ? `The lab agrees${missing}: with the same arrivals and stalls the kernel did what was predicted.`
    : `The lab contradicts${missing}: see below.`
}

/** The shares of connections at which a distribution is drawn: the upper end, where a queue shows, in more detail. */
const SHARES = [0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1]

function judgementOf(name: string, { notJudged, predicted, measured, asItHappened, ...seen }: Confirmation): Judgement {
  const { run } = seen
  const found = notJudged === undefined ? disagreements([forAll(predicted.outcome), measured]) : []
  return {
    name,
    verdict: notJudged !== undefined ? 'not judged' : found.length === 0 ? 'agrees' : 'contradicts',
    reason: notJudged ?? null,
    ...{ predicted: predicted.outcome, measured, asItHappened, disagreements: found },
    queues: predicted.queues.map((curve, shard) => queueCurve(shard, curve, seen)),
    connectMs: quantiles(
      predicted.runs.map(({ connectMs }) => connectMs),
      run.stories.map(({ connectedMs = Number.NaN, startedMs }) => connectedMs - startedMs),
    ),
    acceptWaitMs: quantiles(
      predicted.runs.map(({ acceptWaitMs }) => acceptWaitMs),
      run.stories.map(({ acceptWaitMs = Number.NaN }) => acceptWaitMs),
    ),
    played: {
      connections: run.stories.length,
      scheduleLagP99Ms: run.report.scheduleLagMs.p99,
      acceptMs: seen.acceptMs ?? null,
      outcomes: run.report.outcomes,
    },
  }
}

/** Of ten numbers of one run one errs by chance more often than any of them: their bounds are put as far apart as that takes. */
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

function queueCurve(
  shard: number,
  predicted: QueueCurve['predicted'],
  { run, curveEveryMs }: Pick<Confirmation, 'run' | 'curveEveryMs'>,
): QueueCurve {
  const number = run.shards[shard]?.number
  const own = run.lengths.filter((sample) => sample.shard === number && sample.atMs >= 0)
  const pieces = Math.max(predicted.mean.length, Math.ceil(lastQueued(own) / curveEveryMs))
  const measured: (number | null)[] = new Array(pieces).fill(null)
  for (const { atMs, length } of own) {
    const piece = Math.floor(atMs / curveEveryMs)
    if (piece < pieces) measured[piece] = Math.max(measured[piece] ?? 0, length)
  }
  return { shard, limit: run.shards[shard]?.limit ?? 0, everyMs: curveEveryMs, predicted, measured }
}

/** When a queue was last seen with somebody in it. */
const lastQueued = (samples: readonly { atMs: number; length: number }[]): number =>
  samples.reduce((last, { atMs, length }) => (length > 0 ? Math.max(last, atMs) : last), 0)

function quantiles(predicted: readonly Float64Array[], measured: readonly number[]): QuantileCurve {
  const simulated = new Distribution(predicted.flatMap((run) => [...run]))
  const seen = new Distribution(measured)
  const at = (of: Distribution) => SHARES.map((share) => (of.count === 0 ? null : of.quantile(share)))
  return { shares: SHARES, predicted: at(simulated), measured: at(seen) }
}
