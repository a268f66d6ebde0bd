/** When connections begin, as pure generators: milliseconds since the start of the load, never decreasing. */
import type { Arrivals } from './agent/api.ts'
import { seededRandom } from './random.ts'

/** The arrivals that a request asks for. Without a duration, constant and Poisson arrivals never end. */
export function arrivalTimes(arrivals: Arrivals): Iterable<number> {
  switch (arrivals.shape) {
    case 'constant':
      return constantArrivals(arrivals.ratePerSecond, arrivals.durationMs)
    case 'poisson':
      return poissonArrivals(arrivals.ratePerSecond, arrivals.durationMs, seededRandom(arrivals.seed ?? 1))
    case 'burst':
      return burstArrivals(arrivals.connections)
    case 'trace':
      return arrivals.atMs.toSorted((a, b) => a - b)
  }
}

/** One arrival every 1 / rate, the first at 0; none at or after the end. */
export function* constantArrivals(ratePerSecond: number, durationMs = Number.POSITIVE_INFINITY): Generator<number> {
  // Multiplied, not added up: rounding errors must not accumulate over millions of arrivals.
  for (let i = 0; ; i++) {
    const atMs = (i * 1000) / ratePerSecond
    if (atMs >= durationMs) return
    yield atMs
  }
}

/** Independent arrivals: gaps are exponential with mean 1 / rate. */
export function* poissonArrivals(
  ratePerSecond: number,
  durationMs = Number.POSITIVE_INFINITY,
  random: () => number,
): Generator<number> {
  const meanGapMs = 1000 / ratePerSecond
  for (let atMs = 0; ; ) {
    atMs -= Math.log(1 - random()) * meanGapMs
    if (atMs >= durationMs) return
    yield atMs
  }
}

/** All at once. */
export function* burstArrivals(connections: number): Generator<number> {
  for (let i = 0; i < connections; i++) yield 0
}
