/** Numbers as people read them. */

/** `1,234`; `0.35`. */
export const number = (value: number): string =>
  value === Number.POSITIVE_INFINITY
    ? 'without end'
    : Number.isInteger(value) || Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString('en')
      : String(Number(value.toPrecision(3)))

/** A share as a percentage. */
export const percent = (share: number): string =>
  share !== 0 && Math.abs(share) < 1e-6 ? 'less than 0.0001 %' : `${Number((share * 100).toPrecision(3))} %`

export const rate = (perSecond: number): string => `${number(perSecond)}/s`

export function duration(ms: number): string {
  if (ms >= 120_000) return `${number(ms / 60_000)} min`
  if (ms >= 1000) return `${Number((ms / 1000).toPrecision(3))} s`
  return `${Number(ms.toPrecision(3))} ms`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let left = value
  while (left >= 1024 && unit < units.length - 1) {
    left /= 1024
    unit++
  }
  return `${Number(left.toPrecision(3))} ${units[unit]}`
}

/** `1 backend`, `4 backends`. */
export const plural = (count: number, noun: string): string => `${number(count)} ${noun}${count === 1 ? '' : 's'}`
