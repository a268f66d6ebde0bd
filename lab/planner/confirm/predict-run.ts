/** What one run of a scene should show, over all the ways in which chance can deal it. */
import { Distribution } from '../distribution.ts'
import type { Estimate, Outcome, Quantity } from '../outcome.ts'
import { type Numbers, numbersOf } from '../replicate.ts'
import { play } from '../simulator/simulation.ts'
import type { Stall, System } from '../system.ts'

const RUNS = 40
/** Of one run, in standard deviations: 99 %. */
const Z = 2.58

export function predictRun(system: System, window: Stall): Outcome {
  const runs = Array.from({ length: RUNS }, (_, seed) => numbersOf(play(system, { seed: seed + 1 }), window))
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
  return { method: 'simulation', basis: `these very arrivals, dealt ${RUNS} times`, estimates }
}

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
