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

export interface Expectation {
  sentence: string
  /** NaN if there was nothing to see; NaN lies in no band. */
  seen: number | string | boolean
  band: Band
}

/** An expectation: the sentence is true if what was seen lies in the band. */
export function that(sentence: string, seen: number, band: Range): Expectation
export function that(sentence: string, seen: string | boolean, band: Exactly): Expectation
export function that(sentence: string, seen: number | string | boolean, band: Band): Expectation {
  return { sentence, seen, band }
}

/**
 * Exactly this number. With the unit `ms` the upper end of a band is raised by the scheduling lag that was measured
 * during the run: a slow machine makes things later, never earlier.
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
