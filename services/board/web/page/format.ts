/** Numbers as people read them, always with a unit. */

/** Made once: toLocaleString() makes one at each call, which was half of a frame's cost. */
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** A whole number with separators; one decimal below ten. */
export function count(value: number): string {
  if (value === 0 || value >= 10 || Number.isInteger(value)) return whole.format(value)
  return value.toFixed(1)
}

/** Bytes with a decimal unit. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  const scaled = value / 1000 ** unit
  return `${unit === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`
}

/** A duration: milliseconds, then seconds, then minutes. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`

/** `1 connection`, `2 connections`. */
export const plural = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? '' : 's'}`
