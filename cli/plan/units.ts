/** Quantities that only a plan has. Each error names the option, or the field and line of a file. */
import { UsageError } from '#common/errors.ts'
import { parseDurationMs } from '#common/parse.ts'

const prefixes: Record<string, number> = { '': 1, k: 1000, K: 1000, M: 1_000_000 }
/** The length of each unit of time in seconds, as it is written behind a slash or `per`. */
const seconds: Record<string, number> = {
  ms: 0.001,
  msec: 0.001,
  millisecond: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  min: 60,
  minute: 60,
  m: 60,
  h: 3600,
  hr: 3600,
  hour: 3600,
}
/** What people count, where it is named: `500 req/s`. A request is taken to bring a connection of its own. */
const things = `(?:re?q(?:uest)?s?|quer(?:y|ies)|conn(?:ection)?s?|hits?|syns?|trans(?:actions?)?|calls?)`
const rate = new RegExp(
  String.raw`^(\d+(?:\.\d+)?|\.\d+)\s*([kKM])?\s*(?:${things}\s*)?(?:\/|\bper\b)\s*(ms|msec|milliseconds?|s|secs?|seconds?|min|minutes?|m|h|hrs?|hours?)$`,
)
/** Requests, queries, connections or transactions per second; a few per minute. */
const short = /^(\d+(?:\.\d+)?|\.\d+)\s*([kKM])?\s*([rqct]p[smh])$/i
/** Anything above is a typing error: the whole of IPv4 takes four seconds at this rate. */
const FASTEST = 1e9

/**
 * `3000/s`, `3k/s`, `90/min`, `500 req/s`, `800 rps`, in connections per second. A bare number is refused, since it could be any
 * of them, and so is a number whose comma or point may stand before decimals or between thousands.
 */
export function parseRatePerSecond(name: string, text: string): number {
  const plain = withoutGroups(name, text.trim())
  const [, value, prefix = '', unit = ''] = rate.exec(plain) ?? short.exec(plain) ?? []
  if (value === undefined)
    throw new UsageError(`${name} '${text}' is not a rate`, 'Write it with a unit: 3000/s, 3k/s, 90/min, 500 rps')
  const spelled = /^[rqct]p([smh])$/i.exec(unit)?.[1]?.toLowerCase() ?? unit.replace(/(?<=..)s$/, '')
  const one = seconds[spelled]!
  const perSecond = (Number(value) * prefixes[prefix]!) / one
  if (perSecond <= 0 || perSecond > FASTEST)
    throw new UsageError(`${name} '${text}' must be above 0 and at most 1000M/s`)
  return perSecond
}

/** `..`, a dash, or a word: no rate is below zero, so that a dash is no sign. */
const between = /^(.*?\d.*?)\s*(?:\.\.\.?|…|[-–—]|\bto\b)\s*(\d.*)$/

/**
 * The two ends of `800..1500/s` or `800-1500 rps`, each with the unit; undefined for a rate alone. Throws a UsageError where it
 * is not clear which unit the first end has, or which end is the lower.
 */
export function parseRateInterval(name: string, text: string): [low: number, high: number] | undefined {
  const [, first, second] = between.exec(text.trim()) ?? []
  if (first === undefined || second === undefined) return undefined
  const bare = /^[\d.,_ ]+([kKM]?)$/.exec(first)
  const [, prefix = '', unit = ''] = /^[\d.,_ ]+([kKM]?)(.*)$/.exec(second) ?? []
  if (bare !== null && bare[1] === '' && prefix !== '')
    throw new UsageError(
      `${name} '${text}': whether ${first} means ${first} or ${first}${prefix} is not clear`,
      `Write ${first}${prefix}..${second}, or both without ${prefix}`,
    )
  const low = parseRatePerSecond(name, bare === null ? first : `${first}${unit}`)
  const high = parseRatePerSecond(name, second)
  if (low >= high)
    throw new UsageError(`${name} '${text}' goes from the higher rate to the lower`, 'Write the lower one first')
  return [low, high]
}

/** `3,000/s` and `3 000/s` as `3000/s`. Throws a UsageError for `3,5k/s` and `3.000/s`. */
function withoutGroups(name: string, text: string): string {
  if (/^\d{1,3}(?:[,_ ]\d{3})+(?![\d,.])/.test(text)) return text.replaceAll(/(?<=\d)[,_ ](?=\d)/g, '')
  if (/^\d+,\d/.test(text))
    throw new UsageError(
      `${name} '${text}' has a comma that is neither before decimals nor between thousands here`,
      'Write 3000/s, or 1.5k/s with a point before decimals',
    )
  if (/^[1-9]\d{0,2}\.\d{3}(?!\d)\s*(?![kKM])/.test(text))
    throw new UsageError(
      `${name} '${text}': the point may stand before decimals or between thousands`,
      `Write ${text.replace('.', '')}, or with other than three decimals`,
    )
  return text
}

/** `80ms`: once. `80ms/10s`, `80ms every 10s`: once in every ten seconds. */
export function parseStall(name: string, text: string): { ms: number; everyMs: number | undefined } {
  const [length = '', period, ...rest] = text.split(/ ?\/ ?| every /)
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
