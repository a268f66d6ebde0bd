/** How many places a queue was short of, by what it dropped. */

/** When a client's kernel sends a SYN again that nobody answered (docs/kernel-facts.md#syn-retransmissions), in seconds. */
const RETRIES_S = [1.03, 2.08, 3.1, 4.13, 5.15, 7.3, 11.5, 20, 36, 69] as const

/** How often each client is counted on average that came at any moment of a time in which it found no place. */
export function triesWithin(seconds: number): number {
  if (seconds <= 0) return 1
  return 1 + RETRIES_S.reduce((sum, at) => sum + Math.max(0, seconds - at), 0) / seconds
}

export interface Between {
  low: number
  high: number
}

/**
 * The clients who found no place. At most each drop was a client of its own. At least they are the same few who try again, and
 * whose final ACK may have been dropped instead, which counts two.
 */
export function missingOf({ drops, seconds }: { drops: number; seconds: number }): Between {
  return { low: Math.max(1, Math.ceil(drops / (2 * triesWithin(seconds)))), high: Math.max(1, Math.ceil(drops)) }
}

/** To two digits, the low one down and the high one up: more of them would be a precision that nobody has. */
export const inTwoDigits = ({ low, high }: Between): Between => ({
  low: rounded(low, Math.floor),
  high: rounded(high, Math.ceil),
})

function rounded(value: number, how: (value: number) => number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1)
  return how(value / unit) * unit
}
