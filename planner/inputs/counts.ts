/** Arrivals of which only is known how many came in each interval: histograms, and counters that were read now and then. */
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import { seededRandom } from '#load/random.ts'
import { type Recorded, recorded } from './recorded.ts'

export interface Counted {
  fromMs: number
  toMs: number
  count: number
}

/** Beyond this many connections a plan would take minutes. */
export const MOST_ARRIVALS = 5_000_000

/** Each arrival at a random place within its interval, on its own. Fractions of counts are rounded, and carried on. */
export function countedArrivals(
  from: string,
  intervals: readonly Counted[],
  { how, notes = [], seed = 1 }: { how: string; notes?: readonly string[]; seed?: number | undefined },
): Recorded {
  const all = intervals.reduce((sum, { count }) => sum + count, 0)
  if (all > MOST_ARRIVALS)
    throw new UsageError(
      `${from} counts ${number(Math.round(all))} arrivals, more than ${number(MOST_ARRIVALS)} (${how})`,
      'Cut the busiest part out of it',
    )
  const random = seededRandom(seed)
  const times: number[] = []
  let carried = 0
  for (const { fromMs, toMs, count } of intervals) {
    const due = Math.round(count + carried)
    carried += count - due
    for (let i = 0; i < due; i++) times.push(fromMs + random() * (toMs - fromMs))
  }
  const lengths = intervals.map(({ fromMs, toMs }) => toMs - fromMs)
  const each = duration(Math.max(0, ...lengths))
  const spread = `each arrival is placed at random within its ${lengths.length === 1 ? '' : 'interval of '}${each}, so bursts shorter than that do not show`
  return recorded(from, Float64Array.from(times).sort(), { how, notes: [spread, ...notes] })
}
