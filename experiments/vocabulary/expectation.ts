/** Expectations: a sentence, what was seen, and the band in which it must lie. */

export type Unit = '' | 'ms' | 'B' | 'share'

/** Where a number must lie, ends included. */
export interface Range {
  kind: 'range'
  low: number
  high: number
  unit: Unit
}

/** What a value must be. */
export interface Exactly {
  kind: 'exactly'
  value: string | boolean
}

export type Band = Range | Exactly

/** How late a machine may be for an outcome to say something of the kernel: milliseconds, or as late as it likes. */
export type Bears = number | 'any lateness'

/** What is borne where an expectation says nothing. */
export const BEARS_MS = 100

/** How an expectation stands to a machine that does late what it is asked to do. */
export interface Terms {
  /**
   * If something of the run was later than this, an expectation that fails is *not judged*. `any lateness`: no lateness
   * can make it fail, so that it fails on a busy machine too. Default 100.
   */
  bears?: Bears
  /** Lateness could also make it true: beyond what it bears, it is not judged either way. */
  lateHelps?: boolean
}

export interface Expectation extends Required<Terms> {
  sentence: string
  /** NaN if there was nothing to see; NaN lies in no band. */
  seen: number | string | boolean
  band: Band
}

/** An expectation: the sentence is true if what was seen lies in the band. Where nothing was seen, `seen` is NaN or undefined. */
export function that(sentence: string, seen: number | undefined, band: Range, terms?: Terms): Expectation
export function that(sentence: string, seen: string | boolean | undefined, band: Exactly, terms?: Terms): Expectation
export function that(
  sentence: string,
  seen: number | string | boolean | undefined,
  band: Band,
  { bears = BEARS_MS, lateHelps = false }: Terms = {},
): Expectation {
  return { sentence, seen: seen ?? Number.NaN, band, bears, lateHelps }
}

/**
 * Exactly this number. With the unit `ms` the upper end of a band is raised by how late the run was, as far as the
 * expectation bears it: a slow machine makes things later, never earlier.
 */
export const equals = (value: number, unit: Unit = ''): Range => between(value, value, unit)

/** From `low` to `high`, both included. */
export const between = (low: number, high: number, unit: Unit = ''): Range => ({ kind: 'range', low, high, unit })

/** `low` or more. */
export const atLeast = (low: number, unit: Unit = ''): Range => between(low, Number.POSITIVE_INFINITY, unit)

/** `high` or less. */
export const atMost = (high: number, unit: Unit = ''): Range => between(Number.NEGATIVE_INFINITY, high, unit)

/** `value`, give or take a share of it: `about(300, 0.1)` is 270 to 330. */
export const about = (value: number, share: number, unit: Unit = ''): Range =>
  between(value * (1 - share), value * (1 + share), unit)

/** This word, or this truth value. */
export const is = (value: string | boolean): Exactly => ({ kind: 'exactly', value })
