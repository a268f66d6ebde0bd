/** Plays a situation again and again with other seeds, and says what that gives on average and how sure it is. */
import { Distribution } from './distribution.ts'
import { atLeast, type Estimate, type Outcome, type Quantity } from './outcome.ts'
import { type Played, play } from './simulator/simulation.ts'
import { endings } from './simulator/stories.ts'
import type { Situation } from './situation.ts'
import { sceneOf, spanMs } from './system-of.ts'

/** Connections played for one number, all runs together: about half a second. */
const BUDGET = 400_000
const FEWEST_RUNS = 3
const MOST_RUNS = 400
/** Two-sided 99 % for a normal mean: what is said to disagree should really do so. */
const Z = 2.58

/** The numbers of one run. Shares are of the connections that arrived in the window. */
export interface Numbers {
  /** Connections that arrived in the window. */
  counted: number
  delayedShare: number
  lostShare: number
  drops: number
  retries: number
  resets: number
  queuePeak: number
  synQueuePeak: number
  /** By shard. */
  queuePeaks: number[]
  skDrops: number[]
  connectMs: Float64Array
  acceptWaitMs: Float64Array
}

function runOnce(situation: Situation, backlog: number, seed: number, retriesMatter: boolean): Numbers {
  const { system, window } = sceneOf(situation, backlog, seed, retriesMatter)
  return numbersOf(play(system, { seed: seed ^ 0x5bd1e995 }), window)
}

export function numbersOf(played: Played, window: { fromMs: number; toMs: number }): Numbers {
  const { stories, counters, shards, synQueuePeak } = played
  const { arrivedMs, connectedMs, queuedMs, acceptedMs, refusals, ending, count } = stories
  const answered = endings.indexOf('answered')
  const reset = endings.indexOf('reset')
  let within = 0
  let delayed = 0
  let lost = 0
  let resets = 0
  for (let i = 0; i < count; i++) {
    if (ending[i] === reset) resets++
    if (arrivedMs[i]! < window.fromMs || arrivedMs[i]! >= window.toMs) continue
    within++
    if (refusals[i]! > 0) delayed++
    if (ending[i] !== answered) lost++
  }
  return {
    counted: Math.max(1, within),
    delayedShare: within === 0 ? 0 : delayed / within,
    lostShare: within === 0 ? 0 : lost / within,
    drops: counters.ListenDrops,
    retries: counters.synRetransmits,
    resets,
    queuePeak: Math.max(...shards.map((shard) => shard.queuePeak)),
    synQueuePeak,
    queuePeaks: shards.map((shard) => shard.queuePeak),
    skDrops: shards.map((shard) => shard.skDrops),
    connectMs: connectedMs.map((at, i) => at - arrivedMs[i]!),
    acceptWaitMs: acceptedMs.map((at, i) => at - queuedMs[i]!),
  }
}

/** How many runs a situation is worth. */
export function runsFor(situation: Situation, retriesMatter = true): number {
  const { arrivals, halfOpenPerSecond } = situation
  const seconds = spanMs(situation, retriesMatter) / 1000
  const legitimate = arrivals.shape === 'recorded' ? arrivals.atMs.length : arrivals.ratePerSecond * seconds
  const connections = legitimate + halfOpenPerSecond * seconds
  return Math.max(FEWEST_RUNS, Math.min(MOST_RUNS, Math.floor(BUDGET / Math.max(1, connections))))
}

/** Runs with seeds that follow each other: two settings compared this way meet the same arrivals. */
export const runsOf = (
  situation: Situation,
  backlog: number,
  { runs = runsFor(situation), retriesMatter = true } = {},
): Numbers[] =>
  Array.from({ length: runs }, (_, run) => runOnce(situation, backlog, situation.seed + run, retriesMatter))

/** What happens with this backlog. */
export function simulated(situation: Situation, backlog: number): Outcome & { numbers: Numbers[] } {
  const numbers = runsOf(situation, backlog)
  const estimates: Partial<Record<Quantity, Estimate>> = {
    delayedShare: meanOf(
      numbers.map((run) => run.delayedShare),
      1 / numbers[0]!.counted,
    ),
    lostShare: meanOf(
      numbers.map((run) => run.lostShare),
      1 / numbers[0]!.counted,
    ),
    drops: meanOf(
      numbers.map((run) => run.drops),
      1,
    ),
    retries: meanOf(
      numbers.map((run) => run.retries),
      1,
    ),
    resets: meanOf(
      numbers.map((run) => run.resets),
      1,
    ),
    queuePeak: meanOf(numbers.map((run) => run.queuePeak)),
    synQueuePeak: meanOf(numbers.map((run) => run.synQueuePeak)),
    connectP99Ms: meanOf(numbers.map((run) => new Distribution(run.connectMs).quantile(0.99))),
    acceptWaitP99Ms: meanOf(numbers.map((run) => new Distribution(run.acceptWaitMs).quantile(0.99))),
    acceptWaitMaxMs: meanOf(numbers.map((run) => new Distribution(run.acceptWaitMs).max)),
  }
  return { method: 'simulation', basis: `${numbers.length} runs, event by event`, estimates, numbers }
}

/**
 * The mean of independent runs, and what it may be off by. Where few runs make up the whole sum, as with rare drops, it is
 * as if there were only those few; where none has anything, less than `event` in a few runs may still be usual.
 */
export function meanOf(values: readonly number[], event = 0): Estimate {
  const known = values.filter((value) => Number.isFinite(value))
  const n = known.length
  if (n === 0) return atLeast(0)
  const sum = known.reduce((total, one) => total + one, 0)
  const value = sum / n
  const variance = known.reduce((total, one) => total + (one - value) ** 2, 0) / Math.max(1, n - 1)
  const squares = known.reduce((total, one) => total + one ** 2, 0)
  const rare = squares === 0 ? 0 : (value * Z * Math.sqrt(squares)) / sum
  // Sums that every run has a like part in vary by their variance alone.
  const error = Math.max(Z * Math.sqrt(variance / n), squares > 2 * n * value ** 2 ? rare : 0)
  return { value, low: Math.max(0, value - error), high: value + error + (4.6 * event) / n }
}

/** The value that a share `probability` of the runs does not exceed, and between which ranks it may lie. */
export function quantileOf(values: readonly number[], probability: number): Estimate {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  const at = (rank: number): number => sorted[Math.max(0, Math.ceil(rank) - 1)] ?? Number.POSITIVE_INFINITY
  const error = Z * Math.sqrt(n * probability * (1 - probability))
  // Too few runs say nothing of what lies beyond the largest.
  return { value: at(n * probability), low: at(n * probability - error), high: at(n * probability + error) }
}
