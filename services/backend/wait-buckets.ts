/**
 * Buckets for accept waits. The kernel reports whole milliseconds, so up to 5000 each has its own bucket and the count is
 * exact; beyond, each decade (5–50 s, 50–500 s, …) has 450 equal buckets, at most 2 % wide. All bounds are round
 * numbers of milliseconds, so that the coarser buckets of a Prometheus histogram end where buckets here end.
 */
import type { WaitHistogram } from './api.ts'

const EXACT_MS = 5000
const STEPS_A_DECADE = 450
/** Waits are a u32 of milliseconds: the sixth decade ends at 5·10⁹. */
const DECADES = 6

export const WAIT_BUCKETS = EXACT_MS + 1 + DECADES * STEPS_A_DECADE

/** The bucket that a wait falls into. */
export function bucketOf(waitMs: number): number {
  if (waitMs <= EXACT_MS) return waitMs
  let decade = 0
  let scale = 1
  while (waitMs > EXACT_MS * 10 * scale) {
    decade++
    scale *= 10
  }
  return EXACT_MS + decade * STEPS_A_DECADE + Math.ceil((waitMs - EXACT_MS * scale) / (100 * scale))
}

/** The longest wait, in milliseconds, that falls into a bucket. */
export function boundOf(bucket: number): number {
  if (bucket <= EXACT_MS) return bucket
  const beyond = bucket - EXACT_MS - 1
  const scale = 10 ** Math.floor(beyond / STEPS_A_DECADE)
  return EXACT_MS * scale + ((beyond % STEPS_A_DECADE) + 1) * 100 * scale
}

/** Several distributions as one. */
export function mergeWaits(histograms: WaitHistogram[]): WaitHistogram {
  const byBound = new Map<number, number>()
  for (const { upToMs, counts } of histograms)
    for (const [index, bound] of upToMs.entries()) byBound.set(bound, (byBound.get(bound) ?? 0) + (counts[index] ?? 0))
  const sorted = [...byBound].sort(([a], [b]) => a - b)
  return {
    upToMs: sorted.map(([bound]) => bound),
    counts: sorted.map(([, count]) => count),
    count: sum(histograms.map((histogram) => histogram.count)),
    sumMs: sum(histograms.map((histogram) => histogram.sumMs)),
    maxMs: Math.max(0, ...histograms.map((histogram) => histogram.maxMs)),
  }
}

/** How many waited at most as long as each of the rising `boundsMs`, which must be bounds of buckets. */
export function countsUpTo(
  { upToMs, counts }: Pick<WaitHistogram, 'upToMs' | 'counts'>,
  boundsMs: readonly number[],
): number[] {
  let bucket = 0
  let total = 0
  return boundsMs.map((boundMs) => {
    for (; bucket < upToMs.length && upToMs[bucket]! <= boundMs; bucket++) total += counts[bucket] ?? 0
    return total
  })
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)
