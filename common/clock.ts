/** CLOCK_MONOTONIC in milliseconds with decimals: one clock for every process of a host, whatever the wall clock does. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
