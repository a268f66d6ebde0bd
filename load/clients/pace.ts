const TURNS_A_SECOND = 4
const USUAL_BYTES_AT_ONCE = 32_768
const MOST_BYTES_AT_ONCE = 65_536
const LONGEST_TIMER_MS = 2_147_483_647

/** A rate that timers can keep: a number of bytes at a fixed interval. */
export interface Pace {
  chunkBytes: number
  everyMs: number
}

/** About four turns a second; more of them where a turn would move more than 32 KiB, fewer below 4 bytes a second. */
export function paceOf(bytesPerSecond: number): Pace {
  if (bytesPerSecond < USUAL_BYTES_AT_ONCE * TURNS_A_SECOND) {
    const chunkBytes = Math.max(1, Math.round(bytesPerSecond / TURNS_A_SECOND))
    return { chunkBytes, everyMs: Math.min(LONGEST_TIMER_MS, Math.round((chunkBytes * 1000) / bytesPerSecond)) }
  }
  const everyMs = Math.max(1, Math.floor((USUAL_BYTES_AT_ONCE * 1000) / bytesPerSecond))
  return { chunkBytes: Math.min(MOST_BYTES_AT_ONCE, Math.round((bytesPerSecond * everyMs) / 1000)), everyMs }
}
