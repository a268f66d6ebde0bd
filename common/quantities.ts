/**
 * Quantities as people read them: the terminal, the board, reports, plans and findings spell them alike. At most three
 * significant digits; decimal units, as `ss` and Grafana's `decbytes` have them; a space before the unit. The board's page
 * and the reports' script run this file in a browser: it imports nothing.
 */

/** What stands for a number that is not known. */
export const UNKNOWN = '–'

const DIGITS = 3
/** What is smaller is said to be smaller: it must not pass for nothing. */
const LEAST = 1e-6
/** What sums of shares may be off by. */
const ROUNDING = 1e-12

/** Beyond it numbers have an exponent. */
const MOST_GROUPED = 1e21
/** `1,234`. Not by Intl: its tables take megabytes and tens of milliseconds, which is much for who writes a few numbers. */
const grouped = (value: number): string =>
  Math.abs(value) < MOST_GROUPED
    ? String(value).replace(/\B(?=(\d{3})+$)/g, ',')
    : value.toLocaleString('en-US', { maximumFractionDigits: 0 })

/** To the digits that are shown; never -0. */
const rounded = (value: number): number =>
  (Number.isInteger(value) // as most are
    ? value
    : Math.abs(value) < 10 ** (DIGITS - 1)
      ? Number(value.toPrecision(DIGITS))
      : Math.round(value)) || 0

/** `0.35`, `12.4`, `1,234`: three digits of a fraction, all digits of a whole number. NaN is unknown. */
export function number(value: number): string {
  if (Number.isNaN(value)) return UNKNOWN
  if (!Number.isFinite(value)) return value < 0 ? '-∞' : '∞'
  if (value !== 0 && Math.abs(value) < LEAST) return value > 0 ? 'less than 0.000001' : 'more than -0.000001'
  const shown = rounded(value)
  return Math.abs(shown) < 1000 ? String(shown) : grouped(shown)
}

/** The nearest whole number, for what is told while it changes: `1,234`. */
export const whole = (value: number): string => number(Math.round(value))

/** `1 backend`, `4 backends`; `several` where an s will not do. */
export const plural = (count: number, one: string, several = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : several}`

/** How often in a second: `300/s`. */
export const rate = (perSecond: number): string => `${number(perSecond)}/s`

/** A share of 1 as a percentage. What is almost nothing or almost all is not told as nothing or all: `99.998 %`. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return number(share)
  const size = Math.abs(share)
  const missing = 1 - size
  if (size > 0 && size < LEAST) return share > 0 ? 'less than 0.0001 %' : 'more than -0.0001 %'
  if (missing > ROUNDING && missing < LEAST) return share > 0 ? 'more than 99.9999 %' : 'less than -99.9999 %'
  if (missing < LEAST || missing > 10 ** -DIGITS) return `${number(share * 100)} %`
  // Up to the first digit that is no nine.
  return `${Number((share * 100).toFixed(Math.ceil(-Math.log10(missing) - ROUNDING) - 2))} %`
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const

/** The unit in which numbers of bytes up to `largest` read well, and how many bytes one of it is. */
export function byteUnit(largest: number): { unit: (typeof byteUnits)[number]; size: number } {
  let at = 0
  while (at < byteUnits.length - 1 && Math.abs(rounded(largest / 1000 ** at)) >= 1000) at++
  return { unit: byteUnits[at] ?? 'B', size: 1000 ** at }
}

/** Bytes: `540 B`, `63.4 kB`, `4 MB`. */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return number(value)
  const { unit, size } = byteUnit(value)
  return `${number(value / size)} ${unit}`
}

/** A unit is kept until there are two of the next: 63 s, a time of TCP's own, and the last 24 h are known by these names. */
const KEPT = 2

/** A duration given in milliseconds: `250 µs`, `12 ms`, `1.03 s`, `2 min 7 s`, `3 h 20 min`, `4 d 6 h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return number(ms)
  if (ms < 0) return `-${duration(-ms)}`
  if (ms === 0) return '0 ms'
  if (rounded(ms) < 1) return `${number(ms * 1000)} µs`
  if (rounded(ms) < 1000) return `${number(ms)} ms`
  const seconds = ms / 1000
  if (rounded(seconds) < KEPT * 60) return `${number(seconds)} s`
  if (Math.round(seconds) < KEPT * 3600) return inTwo(seconds, 60, 'min', 's')
  if (Math.round(seconds / 60) < KEPT * 24 * 60) return inTwo(seconds / 60, 60, 'h', 'min')
  return inTwo(seconds / 3600, 24, 'd', 'h')
}

/** A number of small units as large ones and the rest. */
function inTwo(small: number, inOne: number, large: string, unit: string): string {
  const all = Math.round(small)
  const rest = all % inOne
  return `${(all - rest) / inOne} ${large}${rest === 0 ? '' : ` ${rest} ${unit}`}`
}

/** A moment of a run, given in milliseconds since it began: always seconds to a hundredth, so that moments compare. */
export const moment = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(2)} s` : UNKNOWN)
