/** Quantities that only a plan has. Each error names the option, or the field and line of a file. */
import { UsageError } from '#common/errors.ts'
import { parseDurationMs } from '#common/parse.ts'

const prefixes: Record<string, number> = { '': 1, k: 1000, M: 1_000_000 }
const seconds: Record<string, number> = { s: 1, min: 60, h: 3600 }
/** Anything above is a typing error: the whole of IPv4 takes four seconds at this rate. */
const FASTEST = 1e9

/** `3000/s`, `3k/s`, `90/min`, in connections per second. A bare number is refused, since it could be any of them. */
export function parseRatePerSecond(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(k|M)?\/(s|min|h)$/.exec(text.replaceAll(/[ _,]/g, ''))
  if (match === null)
    throw new UsageError(`${name} '${text}' is not a rate`, 'Write it with a unit: 3000/s, 3k/s, 90/min')
  const perSecond = (Number(match[1]) * prefixes[match[2] ?? '']!) / seconds[match[3]!]!
  if (perSecond <= 0 || perSecond > FASTEST)
    throw new UsageError(`${name} '${text}' must be above 0 and at most 1000M/s`)
  return perSecond
}

/** `80ms`: once. `80ms/10s`: once in every ten seconds. */
export function parseStall(name: string, text: string): { ms: number; everyMs: number | undefined } {
  const [length = '', period, ...rest] = text.split('/')
  if (rest.length > 0)
    throw new UsageError(`${name} '${text}' is not a stall`, 'Write 80ms, or 80ms/10s for one every ten seconds')
  const ms = parseDurationMs(name, length, { min: 0.1, max: 600_000 })
  if (period === undefined) return { ms, everyMs: undefined }
  const everyMs = parseDurationMs(name, period, { max: 86_400_000 })
  if (everyMs <= ms) throw new UsageError(`${name} '${text}' would never end: the period must be longer than the stall`)
  return { ms, everyMs }
}

/** A number from 0 to `max`. */
export function parseNumber(name: string, text: string, { max }: { max: number }): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`${name} '${text}' is not a number`)
  if (Number(text) > max) throw new UsageError(`${name} '${text}' must be at most ${max}`)
  return Number(text)
}
