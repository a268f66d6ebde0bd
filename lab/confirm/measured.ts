/** What a lab has shown, in the shape of a prediction. Pure. */
import { duration } from '#common/quantities.ts'
import { countWithin } from '#planner/busiest.ts'
import { Distribution } from '#planner/distribution.ts'
import { type Estimate, type Outcome, type Quantity, within } from '#planner/outcome.ts'
import type { Numbers } from '#planner/replicate.ts'
import type { Stall } from '#planner/system.ts'
import type { LabScene } from './lab-scene.ts'
import type { LabRun } from './play-in-lab.ts'

/** A tick of the kernel at 250 Hz: as fine as an accept wait is told. */
const JIFFY_MS = 4

/** How much the cost of an accept may change between its measurement and the scene: a queue near its capacity feels 3 %. */
const STEADY_ACCEPTS = 0.03

/** Where nothing stalls, a load may be late by a tenth of this. */
const STEADY_LOAD_MS = 200

/** How many more or fewer may come during a stall than should: one, or this share. */
const EXACT_COUNT = 0.02

/** The same numbers as a simulated run has. */
export function numbersOfLab({ records, counters, shards, synQueuePeak }: LabRun, window: Stall): Numbers {
  const counted = records.filter(({ scheduledMs }) => scheduledMs >= window.fromMs && scheduledMs < window.toMs)
  const delayed = counted.filter(
    ({ connectedMs, synRetransmits = 0, outcome }) =>
      outcome !== 'refused' && (connectedMs === undefined || synRetransmits > 0),
  )
  const unanswered = counted.filter(({ outcome }) => outcome !== 'ok')
  return {
    counted: Math.max(1, counted.length),
    delayedShare: delayed.length / Math.max(1, counted.length),
    lostShare: unanswered.length / Math.max(1, counted.length),
    drops: counters.TcpExt_ListenDrops ?? 0,
    retries: records.reduce((sum, { synRetransmits = 0 }) => sum + synRetransmits, 0),
    resets: records.filter(({ outcome }) => outcome === 'reset').length,
    queuePeak: Math.max(...shards.map(({ peak }) => peak)),
    synQueuePeak,
    queuePeaks: shards.map(({ peak }) => peak),
    skDrops: shards.map(({ skDrops }) => skDrops),
    connectMs: Float64Array.from(records, ({ connectedMs = Number.NaN, startedMs }) => connectedMs - startedMs),
    acceptWaitMs: Float64Array.from(records, ({ acceptWaitMs = Number.NaN }) => acceptWaitMs),
  }
}

/** How far the machine was from what it was asked to do. */
export interface Fidelity {
  scheduleLagP99Ms: number
  /** How much longer or shorter stalls were than asked, at worst. */
  stallErrorMs: number
  /** Why the lab cannot judge the plan; undefined if it can. */
  tooFarOff: string | undefined
}

/** How far the machine missed the plan, judged by how the load ran and never by its outcome. */
export function fidelityOf(
  run: LabRun,
  { backends, arrivals }: Pick<LabScene, 'backends' | 'arrivals'>,
  accepts?: { seenMs: number; expectedMs: number; delayMs: number },
): Fidelity {
  const planned = backends.map(({ stalls }) => stalls)
  const scheduleLagP99Ms = run.report.scheduleLagMs.p99
  const pairs = planned.flatMap((stalls, i) =>
    stalls.flatMap((asked, j) => {
      const was = run.stalls[i]?.[j]
      return was === undefined || !Number.isFinite(asked.toMs) ? [] : [{ asked, was }]
    }),
  )
  const length = ({ fromMs, toMs }: Stall): number => toMs - fromMs
  const stallErrorMs = Math.max(0, ...pairs.map(({ asked, was }) => Math.abs(length(was) - length(asked))))
  // How late a load may come depends on how short what it is to meet is.
  const stalls = planned.flat().map(length).filter(Number.isFinite)
  const shortest = stalls.length === 0 ? STEADY_LOAD_MS : Math.min(...stalls, 1000)
  const started = Float64Array.from(run.records, ({ startedMs }) => startedMs)
  const counts = pairs.map(({ asked, was }) => ({
    asked: countWithin(arrivals, asked),
    came: countWithin(started, was),
  }))
  const off = counts.find(({ asked, came }) => Math.abs(came - asked) > Math.max(1, asked * EXACT_COUNT))
  const reasons = [
    ...(scheduleLagP99Ms > Math.max(10, shortest * 0.1)
      ? [`the load was late: 99 % of it was only within ${duration(scheduleLagP99Ms)} of its schedule`]
      : []),
    ...(stallErrorMs > Math.max(2, shortest * 0.05) ? [`a stall was off by ${duration(stallErrorMs)}`] : []),
    ...(off === undefined ? [] : [`${off.came} connections arrived during a stall, instead of ${off.asked}`]),
    // Where nothing delays them accepts are too short to matter but for a while after a stall.
    ...(accepts !== undefined &&
    accepts.delayMs > 0 &&
    Math.abs(accepts.seenMs / accepts.expectedMs - 1) > STEADY_ACCEPTS
      ? [
          `an accept took ${duration(accepts.seenMs)}, but ${duration(accepts.expectedMs)} when it was measured just before the run`,
        ]
      : []),
    ...(run.report.outcomes.noPortLeft + run.report.outcomes.failed > 0
      ? [`${run.report.outcomes.noPortLeft + run.report.outcomes.failed} connections failed on the client's side`]
      : []),
  ]
  return { scheduleLagP99Ms, stallErrorMs, tooFarOff: reasons.length === 0 ? undefined : reasons.join('; ') }
}

/**
 * How many connections may have come to one socket between the last reading of its queue and the end of a stall, at worst: by so
 * many the longest queue may be longer than what was read. A sampler of a busy machine is late as well.
 */
export function unreadOf(
  { stalls, shards, lengths }: Pick<LabRun, 'stalls' | 'shards' | 'lengths'>,
  perSecond: number,
): number {
  const gapsMs = stalls.flatMap((ofLoop, i) => {
    const shard = (shards.length === 1 ? shards[0] : shards[i])?.number
    const readMs = lengths.flatMap((sample) => (sample.shard === shard ? [sample.atMs] : []))
    return ofLoop.flatMap(({ toMs }) => {
      const last = readMs.findLast((atMs) => atMs <= toMs)
      return last === undefined || !Number.isFinite(toMs) ? [] : [toMs - last]
    })
  })
  return (perSecond * Math.max(0, ...gapsMs)) / 1000
}

/** The lab's numbers with what they may be off by: sampling of queues, jiffies, stalls that were longer than asked, a machine that was late. */
export function outcomeOfLab(
  numbers: Numbers,
  { stallErrorMs, scheduleLagP99Ms }: Fidelity,
  ratePerSecond: number,
  unread = 0,
): Outcome {
  const slack = (ratePerSecond * stallErrorMs) / 1000
  const share = slack / numbers.counted
  const wait = new Distribution(numbers.acceptWaitMs)
  // What holds the clients up holds the backends up as well.
  const held = JIFFY_MS + stallErrorMs + scheduleLagP99Ms
  const estimates: Partial<Record<Quantity, Estimate>> = {
    delayedShare: within(numbers.delayedShare, 0, share),
    lostShare: within(numbers.lostShare, 0, share),
    drops: within(numbers.drops, 0, slack),
    retries: within(numbers.retries, 0, slack),
    resets: within(numbers.resets, 0, slack),
    queuePeak: longerBy(unread, within(numbers.queuePeak, 0, 1 + slack)),
    synQueuePeak: within(numbers.synQueuePeak, 0.02, 2),
    connectP99Ms: within(new Distribution(numbers.connectMs).quantile(0.99), 0.1, 32 + held),
    // Only a backend of ours says how long its connections waited.
    ...(wait.count === 0
      ? {}
      : {
          acceptWaitP99Ms: within(wait.quantile(0.99), 0.02, held),
          acceptWaitMaxMs: within(wait.max, 0.02, held),
        }),
  }
  return { method: 'lab', basis: 'one run on this machine', estimates }
}

const longerBy = (more: number, { value, low, high }: Estimate): Estimate => ({ value, low, high: high + more })
