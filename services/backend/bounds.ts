/**
 * The buckets of the backend's histograms in Prometheus, from a millisecond to five minutes. Above 10 ms each is at most a fifth
 * wider than it begins, so a quantile read from them is wrong by at most a fifth; below, by at most a millisecond.
 *
 * That makes about 75 series a histogram, which only a lab's backends have: the exporter has one, with --exact, and coarser. A native
 * histogram would be one series, but Prometheus takes those in protobuf alone.
 */

/** Of a decade, in hundredths of its beginning. */
const steps = [100, 120, 140, 160, 190, 220, 260, 300, 360, 430, 500, 600, 700, 840]
const decadesMs = [10, 100, 1_000, 10_000, 100_000]
const LONGEST_MS = 300_000

/** In milliseconds; each ends where a bucket of wait-buckets.ts ends, so counts up to it are exact. */
export const boundsMs: readonly number[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9],
  ...decadesMs.flatMap((decade) => steps.map((step) => (decade * step) / 100)),
].filter((bound) => bound <= LONGEST_MS)

/** The same in seconds, as Prometheus has them. */
export const boundsSeconds: readonly number[] = boundsMs.map((bound) => bound / 1000)
