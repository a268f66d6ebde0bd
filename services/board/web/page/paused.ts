/** Since when nothing moves, by the clock and in time that has passed since. Pure. */
import { duration } from '#common/quantities.ts'

export const pausedWords = (sinceMs: number, nowMs: number): string =>
  `paused since ${new Date(sinceMs).toTimeString().slice(0, 8)}, ${duration(Math.max(0, Math.floor((nowMs - sinceMs) / 1000) * 1000))} ago`
