import { performance } from 'node:perf_hooks'

let aheadMs = 0

/** Lets this process tell the time of another host from now on, whose clock is so far ahead of this one's. */
export function tellTimeOf(hostAheadMs: number): void {
  aheadMs = hostAheadMs
}

/** Both read one clock, from different beginnings: so much later, to some tenths of a microsecond, `performance` began to count in this thread. */
const beganMs = Math.min(...Array.from({ length: 5 }, hrtimeAheadMs))

function hrtimeAheadMs(): number {
  const earlierMs = performance.now()
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6 - earlierMs
}

/**
 * CLOCK_MONOTONIC in milliseconds with decimals: one clock for every process of a host, whatever the wall clock does. Allocates
 * nothing, unlike `process.hrtime()`.
 */
export const monotonicMs = (): number => performance.now() + beganMs + aheadMs
