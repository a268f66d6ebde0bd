/** Quantities as a report shows them: a number and its unit stay on one line, and a dash stands for an unknown value. */
import { bytes, number, duration as ofTime, moment as onAxis, UNKNOWN } from '#common/quantities.ts'

export type Quantity = 'count' | 'bytes' | 'ms'

/** Keeps a number and its unit on one line. */
export const NBSP = '\u00a0'

const spellings: Record<Quantity, (value: number) => string> = { count: number, bytes, ms: ofTime }

/** A number with its unit: `1,204`, `3.96 MB`, `1.03 s`. */
export const inWords = (value: number | null | undefined, quantity: Quantity = 'count'): string =>
  typeof value === 'number' && Number.isFinite(value) ? together(spellings[quantity](value)) : UNKNOWN

export const duration = (ms: number): string => inWords(ms, 'ms')

/** A moment on the axis of a run. */
export const moment = (ms: number): string => together(onAxis(ms))

/** Keeps each number and its unit on one line, in text from elsewhere. */
export const together = (words: string): string =>
  words.replace(/(\d) (?=(?:µs|ms|s|min|h|d|B|[kMGTPE]B|%)(?!\w))/g, `$1${NBSP}`)
