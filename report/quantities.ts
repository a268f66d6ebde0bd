/** Numbers in words, as the report shows them. A dash stands for what is not known. */

export type Quantity = 'count' | 'bytes' | 'ms'

export const UNKNOWN = '–'

/** A number and its unit stay on one line. */
export const NBSP = '\u00a0'

/** A number with its unit: `1,204`, `3.6 MiB`, `1.03 s`. */
export function inWords(value: number | null | undefined, quantity: Quantity = 'count'): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return UNKNOWN
  if (quantity === 'ms') return duration(value)
  if (quantity === 'bytes') return bytes(value)
  return grouped(value)
}

/** A duration, with no more digits than tell something. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return UNKNOWN
  const size = Math.abs(ms)
  if (size < 10) return `${trimmed(ms, 2)}${NBSP}ms`
  if (size < 1000) return `${trimmed(ms, 0)}${NBSP}ms`
  if (size < 120_000) return `${trimmed(ms / 1000, size < 10_000 ? 2 : 1)}${NBSP}s`
  return `${trimmed(ms / 60_000, 1)}${NBSP}min`
}

/** A moment on the axis of a run. */
export const moment = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(2)}${NBSP}s` : UNKNOWN)

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** The unit in which numbers up to `largest` read well, and what one of it is in bytes. */
export function byteUnit(largest: number): { unit: string; size: number } {
  const power = largest >= 1 ? Math.min(byteUnits.length - 1, Math.floor(Math.log2(largest) / 10)) : 0
  return { unit: byteUnits[power]!, size: 1024 ** power }
}

function bytes(value: number): string {
  const { unit, size } = byteUnit(Math.abs(value))
  return `${trimmed(value / size, size === 1 ? 0 : 1)}${NBSP}${unit}`
}

function grouped(value: number): string {
  const [whole, fraction] = trimmed(value, Math.abs(value) < 10 ? 2 : 1).split('.')
  const separated = whole!.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? separated : `${separated}.${fraction}`
}

const trimmed = (value: number, digits: number): string => String(Number(value.toFixed(digits)))

/** Keeps each number and its unit on one line, in words that others have made. */
export const together = (words: string): string =>
  words.replace(/(\d) (?=(?:ms|s|min|µs|B|kB|KiB|MiB|GiB|%)(?![\w]))/g, `$1${NBSP}`)

/** `1 connection`, `9 connections`. */
export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${inWords(count)} ${count === 1 ? one : several}`
