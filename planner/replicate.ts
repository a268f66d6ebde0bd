/** Plays a situation again and again with other seeds, and says what that gives on average and how sure it is. */
import { nearestRank } from '#common/quantile.ts'
import { Distribution } from './distribution.ts'
import { atLeast, type Estimate, type Outcome, type Quantity } from './outcome.ts'
import { endings } from './simulator/records.ts'
import { type Played, play } from './simulator/simulation.ts'
import type { Situation } from './situation.ts'
import { sceneOf, spanMs } from './system-of.ts'

/** Connections played for one number, all runs together: about half a second. */
export const BUDGET = 400_000
const FEWEST_RUNS = 4
/** Of runs of so many connections two must do. */
const LONG_RUN = 300_000
const MOST_RUNS = 1000
/** Two-sided 99 % for a normal mean: what is said to disagree should really do so. */
const Z = 2.58
/** The same for the mean of so many runs (Student), from two on: few runs know little of their own spread. */
const FEW = [63.66, 9.92, 5.84, 4.6, 4.03, 3.71, 3.5, 3.36, 3.25]
/** For more, within 1 % (Cornish and Fisher). */
const certain = (runs: number): number => FEW[runs - 2] ?? Z + (Z ** 3 + Z) / (4 * (runs - 1))

/** The numbers of one run. Shares are of the connections that arrived in the window. */
export interface Numbers {
  /** Connections that arrived in the window. */
  counted: number
  /** Lost a SYN. */
  delayedShare: number
  /** Not answered before their client gave up, or never. */
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

/** What a simulation knows besides. */
export interface PlayedNumbers extends Numbers {
  /** The smallest backlog at which this run drops nothing. */
  backlogNeeded: number
  /** Lost a final ACK: the client takes itself for connected, and the server does not. */
  falseShare: number
  /** Lost a SYN or a final ACK. */
  refusedShare: number
  /** Served, but after their client had given up. */
  lateShare: number
  /** Of those who arrived in the window. NaN for a moment that never came; `answerMs` counts those who were answered in time. */
  felt: { connectMs: Float64Array; answerMs: Float64Array; acceptWaitMs: Float64Array }
}

function runOnce(situation: Situation, backlog: number, seed: number, retriesMatter: boolean): PlayedNumbers {
  const { system, window } = sceneOf(situation, backlog, seed, retriesMatter)
  return numbersOf(play(system, { seed: seed ^ 0x5bd1e995 }), window)
}

export function numbersOf(played: Played, window: { fromMs: number; toMs: number }): PlayedNumbers {
  const { records, counters, shards, synQueuePeak } = played
  const { arrivedMs, connectedMs, queuedMs, acceptedMs, answeredMs, synDrops, finalAckDrops, ending, count } = records
  const answered = endings.indexOf('answered')
  const reset = endings.indexOf('reset')
  let within = 0
  let delayed = 0
  let falsely = 0
  let refused = 0
  let late = 0
  let lost = 0
  let resets = 0
  for (let i = 0; i < count; i++) {
    if (ending[i] === reset) resets++
    if (arrivedMs[i]! < window.fromMs || arrivedMs[i]! >= window.toMs) continue
    within++
    if (synDrops[i]! > 0) delayed++
    if (finalAckDrops[i]! > 0) falsely++
    if (synDrops[i]! + finalAckDrops[i]! > 0) refused++
    if (ending[i] === answered) continue
    lost++
    if (!Number.isNaN(answeredMs[i]!)) late++
  }
  const connectMs = connectedMs.map((at, i) => at - arrivedMs[i]!)
  const answerMs = answeredMs.map((at, i) => (ending[i] === answered ? at - arrivedMs[i]! : Number.NaN))
  const acceptWaitMs = acceptedMs.map((at, i) => at - queuedMs[i]!)
  const inWindow = (values: Float64Array): Float64Array =>
    within === count ? values : values.filter((_, i) => arrivedMs[i]! >= window.fromMs && arrivedMs[i]! < window.toMs)
  const counted = Math.max(1, within)
  return {
    counted,
    delayedShare: delayed / counted,
    falseShare: falsely / counted,
    refusedShare: refused / counted,
    lostShare: lost / counted,
    lateShare: late / counted,
    drops: counters.ListenDrops,
    retries: counters.synRetransmits,
    resets,
    queuePeak: Math.max(...shards.map((shard) => shard.queuePeak)),
    synQueuePeak,
    queuePeaks: shards.map((shard) => shard.queuePeak),
    skDrops: shards.map((shard) => shard.skDrops),
    backlogNeeded: Math.max(...shards.map((shard) => shard.longestMet)),
    connectMs,
    acceptWaitMs,
    felt: { connectMs: inWindow(connectMs), answerMs: inWindow(answerMs), acceptWaitMs: inWindow(acceptWaitMs) },
  }
}

/** How many runs a situation is worth. */
export function runsFor(
  situation: Situation,
  retriesMatter = true,
  { budget = BUDGET, fewest = FEWEST_RUNS } = {},
): number {
  const { arrivals, halfOpenPerSecond } = situation
  const seconds = spanMs(situation, retriesMatter) / 1000
  const legitimate = arrivals.shape === 'recorded' ? arrivals.atMs.length : arrivals.ratePerSecond * seconds
  const connections = legitimate + halfOpenPerSecond * seconds
  const least = connections > LONG_RUN ? Math.min(2, fewest) : fewest
  return Math.max(least, Math.min(MOST_RUNS, Math.floor(budget / Math.max(1, connections))))
}

/** Runs with seeds that follow each other: two settings compared this way meet the same arrivals. */
export const runsOf = (
  situation: Situation,
  backlog: number,
  { runs = runsFor(situation), retriesMatter = true } = {},
): PlayedNumbers[] =>
  Array.from({ length: runs }, (_, run) => runOnce(situation, backlog, situation.seed + run, retriesMatter))

/** What happens with this backlog. */
export function simulated(
  situation: Situation,
  backlog: number,
  runs = runsFor(situation),
): Outcome & { numbers: PlayedNumbers[] } {
  const numbers = runsOf(situation, backlog, { runs })
  const shareOf = (values: readonly number[]): Estimate => {
    const mean = meanOf(values, 1 / numbers[0]!.counted)
    // Sums of weighed shares are a little off one.
    return { value: Math.min(1, mean.value), low: Math.min(1, mean.low), high: Math.min(1, mean.high) }
  }
  const estimates: Partial<Record<Quantity, Estimate>> = {
    delayedShare: shareOf(sharesOf(numbers, (run) => run.delayedShare)),
    falseShare: shareOf(sharesOf(numbers, (run) => run.falseShare)),
    lostShare: shareOf(sharesOf(numbers, (run) => run.lostShare)),
    lateShare: shareOf(sharesOf(numbers, (run) => run.lateShare)),
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
    connectP99Ms: pooledP99(numbers.map(({ felt }) => felt.connectMs)),
    answerP99Ms: pooledP99(numbers.map(({ felt }) => felt.answerMs)),
    acceptWaitP99Ms: pooledP99(numbers.map(({ felt }) => felt.acceptWaitMs)),
    acceptWaitMaxMs: meanOf(numbers.map((run) => new Distribution(run.acceptWaitMs).max)),
  }
  return { method: 'simulation', basis: `${numbers.length} runs, event by event`, estimates, numbers }
}

/**
 * Shares of single runs, each weighed by how many came in it, so that their mean is the share of all connections: runs to
 * which more come lose more of them.
 */
export function sharesOf<Run extends Pick<Numbers, 'counted'>>(
  runs: readonly Run[],
  pick: (run: Run) => number,
): number[] {
  const mean = runs.reduce((sum, { counted }) => sum + counted, 0) / runs.length
  return runs.map((run) => (pick(run) * run.counted) / mean)
}

/** The 99th percentile of all runs together, and how far those of single runs lie about it. */
function pooledP99(runs: readonly Float64Array[]): Estimate {
  const ofEach = meanOf(runs.map((values) => new Distribution(values).quantile(0.99)))
  const value = new Distribution(joined(runs)).quantile(0.99)
  return Number.isNaN(value) ? ofEach : { value, low: Math.min(value, ofEach.low), high: Math.max(value, ofEach.high) }
}

/** Several lists of numbers as one. */
export function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
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
  const spread = n < 2 ? 0 : certain(n) * Math.sqrt(variance / n)
  // Sums that every run has a like part in vary by their variance alone.
  const few = squares > 2 * n * value ** 2
  const error = Math.max(spread, few ? rare : 0)
  const most = few ? value * ofFew(known.filter((one) => one > 0).length) : 0
  return { value, low: Math.max(0, value - error), high: Math.max(most, value + error + (4.6 * event) / n) }
}

/**
 * By how much the mean of so few sizes may be too small, where sizes are spread like exponential ones: a large one may not
 * have come yet. The quantile of χ² that this takes is Wilson's and Hilferty's.
 */
const ofFew = (sizes: number): number => {
  const root = 1 - 1 / (9 * sizes) - Z / (3 * Math.sqrt(sizes))
  return sizes <= 1 || root <= 0 ? 100 : root ** -3
}

/** The value that a share `probability` of the runs does not exceed, and between which ranks it may lie. */
export function quantileOf(values: readonly number[], probability: number): Estimate {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  // Too few runs say nothing of what lies beyond the largest.
  const at = (share: number): number => sorted[nearestRank(share, n) - 1] ?? Number.POSITIVE_INFINITY
  const error = Z * Math.sqrt((probability * (1 - probability)) / n)
  return { value: at(probability), low: at(probability - error), high: at(probability + error) }
}
