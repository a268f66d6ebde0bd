let aheadMs = 0

/** Lets this process tell the time of another host from now on, whose clock is so far ahead of this one's. */
export function tellTimeOf(hostAheadMs: number): void {
  aheadMs = hostAheadMs
}

/** CLOCK_MONOTONIC in milliseconds with decimals: one clock for every process of a host, whatever the wall clock does. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6 + aheadMs
}
