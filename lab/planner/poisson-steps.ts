import { poissonArrivals } from '#load/arrivals.ts'
import { seededRandom } from '#load/random.ts'

/** Independent arrivals whose rate changes from step to step. What comes in clusters within a step is not in the rates, and so not here. */
export function poissonSteps(ratesPerSecond: readonly number[], stepMs: number, seed: number): number[] {
  const random = seededRandom(seed)
  return ratesPerSecond.flatMap((rate, step) =>
    rate > 0 ? Array.from(poissonArrivals(rate, stepMs, random), (atMs) => step * stepMs + atMs) : [],
  )
}
