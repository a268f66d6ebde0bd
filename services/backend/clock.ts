/** CLOCK_MONOTONIC in milliseconds: one clock for all threads and processes of the machine. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
