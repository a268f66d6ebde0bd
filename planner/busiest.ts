import type { Stall } from './system.ts'

/** How many lie within, the beginning included and the end not. */
export const countWithin = (moments: Float64Array, { fromMs, toMs }: Stall): number =>
  moments.reduce((count, atMs) => (atMs >= fromMs && atMs < toMs ? count + 1 : count), 0)

/** The window of a recording in which the most connections arrive. */
export function busiest(arrivals: Float64Array, windowMs: number): { fromMs: number; count: number } {
  let best = { fromMs: arrivals[0] ?? 0, count: 0 }
  let first = 0
  for (let last = 0; last < arrivals.length; last++) {
    while (arrivals[last]! - arrivals[first]! >= windowMs) first++
    if (last - first + 1 > best.count) best = { fromMs: arrivals[first]!, count: last - first + 1 }
  }
  return best
}
