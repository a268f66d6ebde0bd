/**
 * What retries add: a dropped SYN comes back after a second, and is offered again. A fixed point, good where the queue has
 * forgotten by then that it was full, which it has unless it is overloaded for seconds.
 */
export interface WithRetries {
  /** SYNs offered, by first SYN: 1 without drops. */
  offered: number
  /** The share of SYNs that is dropped, first and repeated ones alike. */
  blocking: number
  /** The share of connections whose SYNs were all dropped. */
  lost: number
}

/** `blockingAt(factor)` is the blocking when so many times the first SYNs are offered; `attempts` counts the first one. */
export function withRetries(blockingAt: (factor: number) => number, attempts: number): WithRetries {
  // Offered more, more is dropped, so the fixed point is bracketed: one try each, or all tries each.
  let low = 1
  let high = attempts
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (offeredAt(blockingAt(middle), attempts) > middle) low = middle
    else high = middle
  }
  const blocking = blockingAt(high)
  return { offered: high, blocking, lost: blocking ** attempts }
}

/** 1 + B + B² + … */
const offeredAt = (blocking: number, attempts: number): number => {
  let sum = 0
  for (let i = attempts; i > 0; i--) sum = 1 + blocking * sum
  return sum
}
