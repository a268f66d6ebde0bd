/** What one run of a scene should show, over all the ways in which chance can play it. */
import { quantile } from '#common/quantile.ts'
import { Distribution } from '#planner/distribution.ts'
import type { Estimate, Outcome, Quantity } from '#planner/outcome.ts'
import { type Numbers, numbersOf } from '#planner/replicate.ts'
import { play } from '#planner/simulator/simulation.ts'
import type { Stall, System } from '#planner/system.ts'

const RUNS = 40
/** Of one run, in standard deviations: 99 %. */
const Z = 2.58

/** In each piece of time the longest queue: on average, and the ends of what 95 % of the runs show. */
export interface CurveBand {
  low: number[]
  mean: number[]
  high: number[]
}

export interface RunPrediction {
  outcome: Outcome
  runs: Numbers[]
  /** By shard. */
  queues: CurveBand[]
  /** The same of all half-open requests together. */
  synQueue: CurveBand
}

/**
 * Plays a system with the same arrivals again and again; with those of `told` where they are known less exactly than they will
 * be played. `curveEveryMs` is how long the pieces of its curves are.
 */
export function predictRun(
  system: System,
  window: Stall,
  curveEveryMs: number,
  told?: (seed: number) => Float64Array,
): RunPrediction {
  const played = Array.from({ length: RUNS }, (_, i) => {
    const seed = i + 1
    const known = told === undefined ? system : { ...system, arrivals: told(seed) }
    return play(i % 2 === 0 ? onOneCpu(known) : known, { seed, curveEveryMs })
  })
  const runs = played.map((one) => numbersOf(one, window))
  const over = (pick: (numbers: Numbers) => number): Estimate => spread(runs.map(pick))
  const estimates: Partial<Record<Quantity, Estimate>> = {
    delayedShare: over((run) => run.delayedShare),
    lostShare: over((run) => run.lostShare),
    drops: over((run) => run.drops),
    retries: over((run) => run.retries),
    resets: over((run) => run.resets),
    queuePeak: over((run) => run.queuePeak),
    synQueuePeak: over((run) => run.synQueuePeak),
    connectP99Ms: over((run) => new Distribution(run.connectMs).quantile(0.99)),
    acceptWaitP99Ms: over((run) => new Distribution(run.acceptWaitMs).quantile(0.99)),
    acceptWaitMaxMs: over((run) => new Distribution(run.acceptWaitMs).max),
  }
  return {
    outcome: { method: 'simulation', basis: `the same arrivals, in ${RUNS} runs`, estimates },
    runs,
    // After its last change a queue stays as it was left.
    queues: system.shards.map((_, shard) =>
      bandOf(played.map(({ shards }) => ({ curve: shards[shard]!.curve ?? [], left: shards[shard]!.left }))),
    ),
    synQueue: bandOf(played.map(({ synQueueCurve = [] }) => ({ curve: synQueueCurve, left: 0 }))),
  }
}

/** A client process may stay on one CPU, or move among all of them: that is not known beforehand, so half of the runs assume each. */
const onOneCpu = (system: System): System => ({ ...system, client: { ...system.client, cpusPerHost: 1 } })

/** The mean, and where a single one lies. */
function spread(values: readonly number[]): Estimate {
  const n = values.length
  const value = values.reduce((sum, one) => sum + one, 0) / n
  const deviation = Math.sqrt(values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (n - 1))
  return {
    value,
    low: Math.max(0, Math.min(value - Z * deviation, ...values)),
    high: Math.max(value + Z * deviation, ...values),
  }
}

function bandOf(runs: readonly { curve: readonly number[]; left: number }[]): CurveBand {
  const pieces = Array.from({ length: Math.max(...runs.map(({ curve }) => curve.length)) }, (_, piece) =>
    Float64Array.from(runs, ({ curve, left }) => curve[piece] ?? left).sort(),
  )
  const at = (share: number) => pieces.map((values) => quantile(values, share))
  const mean = pieces.map((values) => values.reduce((sum, one) => sum + one, 0) / values.length)
  return { low: at(0.025), mean, high: at(0.975) }
}
