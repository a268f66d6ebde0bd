/** Rates of counters as they were scraped: what came between one sample and the next. */
import { duration, plural } from '#common/quantities.ts'
import type { Series } from './prometheus.ts'

/** Rates in even steps; NaN where nothing is known. */
export interface SteppedRates {
  perSecond: number[]
  notes: string[]
}

/** So many usual intervals without a sample are a gap. */
const GAP = 2.5

/** The sum of these counters as rates in steps. A counter that falls was reset: it began again at zero. */
export function counterRates(series: readonly Series[], stepMs: number): SteppedRates {
  const stepSeconds = stepMs / 1000
  const begin = Math.min(...series.map(({ values }) => values[0]?.atSeconds ?? Number.POSITIVE_INFINITY))
  const end = Math.max(...series.map(({ values }) => values.at(-1)?.atSeconds ?? Number.NEGATIVE_INFINITY))
  const steps = Math.max(1, Math.ceil((end - begin) / stepSeconds - 1e-6))
  const counts = new Float64Array(steps)
  const covered = new Uint8Array(steps)
  let [resets, gaps, gapMs] = [0, 0, 0]
  for (const { values } of series) {
    const intervals = values.slice(1).map(({ atSeconds }, i) => atSeconds - values[i]!.atSeconds)
    const usual = intervals.toSorted((a, b) => a - b)[Math.floor(intervals.length / 2)] ?? 0
    for (const [i, length] of intervals.entries()) {
      const [before, after] = [values[i]!, values[i + 1]!]
      const reset = after.value < before.value
      if (reset) resets++
      if (length > GAP * usual) {
        gaps++
        gapMs += length * 1000
      }
      const rise = reset ? after.value : after.value - before.value
      if (Number.isFinite(rise)) spread(counts, covered, rise, before.atSeconds - begin, length, stepSeconds)
    }
  }
  const notes = [
    ...(resets > 0
      ? [`${plural(resets, 'reset')} in it: what came between the last sample before one and the reset is not known`]
      : []),
    ...(gaps > 0
      ? [
          `${plural(gaps, 'gap')} without samples (${duration(gapMs)} in all): what the counter grew by is spread evenly over ${gaps === 1 ? 'it' : 'them'}`,
        ]
      : []),
  ]
  return {
    perSecond: Array.from(counts, (count, step) => (covered[step] === 1 ? count / stepSeconds : Number.NaN)),
    notes,
  }
}

function spread(
  counts: Float64Array,
  covered: Uint8Array,
  rise: number,
  from: number,
  length: number,
  stepSeconds: number,
): void {
  if (length <= 0) return
  const last = Math.min(counts.length - 1, Math.floor((from + length) / stepSeconds))
  for (let step = Math.floor(from / stepSeconds); step <= last; step++) {
    const overlap = Math.min(from + length, (step + 1) * stepSeconds) - Math.max(from, step * stepSeconds)
    if (overlap <= 0) continue
    counts[step]! += (rise * overlap) / length
    covered[step] = 1
  }
}
