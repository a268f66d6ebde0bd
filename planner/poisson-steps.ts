import { poissonArrivals } from '#load/arrivals.ts'
import { seededRandom } from '#load/random.ts'

/**
 * The stretch of steps around the highest rate that brings at most so many arrivals: of a day only its peak need be
 * played, since no queue remembers a step for long. It grows towards the higher neighbour. Empty if one step alone brings more.
 */
export function aroundPeak(
  ratesPerSecond: readonly number[],
  stepMs: number,
  most: number,
): { from: number; to: number } {
  const bring = (step: number): number => ((ratesPerSecond[step] ?? Number.POSITIVE_INFINITY) * stepMs) / 1000
  const peak = ratesPerSecond.reduce((best, rate, step) => (rate > ratesPerSecond[best]! ? step : best), 0)
  let [from, to] = [peak, peak]
  let left = most
  for (;;) {
    const before = from === 0 ? -1 : bring(from - 1)
    const after = to === ratesPerSecond.length ? -1 : bring(to)
    const more = Math.max(before, after)
    if (more < 0 || more > left) return { from, to }
    left -= more
    if (before > after) from--
    else to++
  }
}

/** Independent arrivals whose rate changes from step to step. What comes in clusters within a step is not in the rates, and so not here. */
export function poissonSteps(ratesPerSecond: readonly number[], stepMs: number, seed: number): number[] {
  const random = seededRandom(seed)
  return ratesPerSecond.flatMap((rate, step) =>
    rate > 0 ? Array.from(poissonArrivals(rate, stepMs, random), (atMs) => step * stepMs + atMs) : [],
  )
}
