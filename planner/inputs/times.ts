/** What a column of times means: which column of a heading it is, in which unit its numbers are, and how each cell is read. */
import { logDateMs } from './log-date.ts'

export type Unit = 's' | 'ms' | 'us' | 'ns'

export const unitMs: Record<Unit, number> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 }

export const unitNames: Record<Unit, string> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
}

/** How the cells of a column are read. */
export type Reading =
  | { as: 'dates'; zone: boolean }
  /** `against` is the unit that the heading names, where the size of the numbers rules it out; `assumed`: nothing names one. */
  | { as: 'numbers'; unit: Unit; epoch: boolean; decimal: '.' | ','; against?: Unit; assumed?: true }

/** `seconds`, `Unix time in milliseconds, with decimal commas`, `dates`: in a sentence behind `read as`. */
export function readingInWords(reading: Reading): string {
  if (reading.as === 'dates') return reading.zone ? 'dates' : 'dates without a zone, taken as UTC'
  const { unit, epoch, decimal, against } = reading
  const although =
    against === undefined
      ? ''
      : ` (the heading says ${unitNames[against]}, but only in ${unitNames[unit]} it would be a Unix time of this century)`
  return `${epoch ? 'Unix time in ' : ''}${unitNames[unit]}${although}${decimal === ',' ? ', with decimal commas' : ''}`
}

const spellings: Record<string, Unit> = {
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  ms: 'ms',
  msec: 'ms',
  msecs: 'ms',
  milli: 'ms',
  millis: 'ms',
  millisecond: 'ms',
  milliseconds: 'ms',
  us: 'us',
  µs: 'us',
  μs: 'us',
  usec: 'us',
  usecs: 'us',
  micros: 'us',
  microsecond: 'us',
  microseconds: 'us',
  ns: 'ns',
  nsec: 'ns',
  nsecs: 'ns',
  nanos: 'ns',
  nanosecond: 'ns',
  nanoseconds: 'ns',
}

const moments = new Set([
  't',
  'ts',
  'time',
  'times',
  'timestamp',
  'date',
  'datetime',
  'at',
  'when',
  'epoch',
  'unix',
  'utc',
  'arrival',
  'arrivals',
  'arrived',
  'start',
  'started',
  'begin',
  'began',
  'scheduled',
  'created',
  'syn',
  // German, French, Spanish, Italian, Portuguese
  'zeit',
  'zeitpunkt',
  'zeitstempel',
  'uhrzeit',
  'datum',
  'horodatage',
  'heure',
  'fecha',
  'hora',
  'ora',
])
const spans = new Set([
  'duration',
  'latency',
  'elapsed',
  'wait',
  'waited',
  'waiting',
  'rtt',
  'took',
  'taken',
  'delay',
  'gap',
  'interval',
  'interarrival',
  'response',
  'timeout',
  'service',
  'processing',
  'connect',
  'total',
  'length',
  'lag',
  'jitter',
])

/** `startedMs`, `Time [µs]`, `t_s`: in parts, in small letters. */
const partsOf = (heading: string): string[] =>
  heading
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-zµμ]+/)
    .filter((part) => part !== '')

/** The unit that a heading ends in; undefined where it says none. */
const unitOf = (heading: string): Unit | undefined => spellings[partsOf(heading).at(-1) ?? '']

/**
 * The column that holds moments: the first whose heading says so (`time`, `started_ms`), or else the first that ends in a
 * unit. A duration (`wait_ms`) is none. -1 where there is none.
 */
export function columnOfTimes(headings: readonly string[]): number {
  // A date is no name, whatever letters are in it.
  const parts = headings.map((heading) => (isDate(heading) ? [] : partsOf(heading)))
  const span = (words: readonly string[]): boolean => words.some((word) => spans.has(word))
  const said = parts.findIndex((words) => !span(words) && words.some((word) => moments.has(word)))
  return said !== -1 ? said : parts.findIndex((words) => !span(words) && spellings[words.at(-1) ?? ''] !== undefined)
}

/** A plain number: never a date. */
const number = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i
const date = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i
/** `26.11.2026 14:00`, as spreadsheets in German write it: with dots the day comes first. */
const dotted = (cell: string): string =>
  cell.replace(/^(\d{2})\.(\d{2})\.(\d{4})[ T,]+/, (_, day, month, year) => `${year}-${month}-${day} `)
/** As Wireshark shows the time of day; of which day makes no difference. */
const timeOfDay = /^\d{2}:\d{2}:\d{2}(?:[.,]\d+)?$/
/** So long after 1970 as 1 January 2001, and as the end of 2099: nothing else that starts a recording is as large. */
const EPOCH_SECONDS = { from: 978_307_200, to: 4_102_444_800 }

export const isNumber = (cell: string): boolean => number.test(cell)
/** Whether a date says which second it is. */
export const hasSeconds = (cell: string): boolean =>
  timeOfDay.test(cell) || isLogDate(cell) || date.exec(dotted(cell))?.[3] !== undefined

export const isDate = (cell: string): boolean => date.test(dotted(cell)) || timeOfDay.test(cell) || isLogDate(cell)

/** As access logs write it; a column that was cut out of one may keep its brackets. */
const isLogDate = (cell: string): boolean => Number.isFinite(logDateMs(withoutBrackets(cell)))
const withoutBrackets = (cell: string): string => cell.replace(/^\[/, '').replace(/\]$/, '')

/** The unit in which a number is a Unix time of this century; undefined where it is none. */
export function epochUnit(value: number): Unit | undefined {
  const is = (unit: Unit): boolean => {
    const seconds = (value * unitMs[unit]) / 1000
    return seconds >= EPOCH_SECONDS.from && seconds < EPOCH_SECONDS.to
  }
  return (['s', 'ms', 'us', 'ns'] as const).find(is)
}

/** A column of times: its heading, and its first and its last cell. */
interface Ends {
  heading: string
  first: string
  last: string
}

/** A year: no recording is longer. */
const LONGEST_SECONDS = 366 * 86_400

/**
 * How a column is to be read, by what a person says, by its heading, and by its first and last cell; a sentence's end that says
 * why it cannot be. A Unix time tells its unit by its size, also where the heading says nothing or cannot be right.
 */
export function readingOf(
  { heading, first, last }: Ends,
  decimal: '.' | ',',
  said?: Unit,
): Reading | { problem: string; decides?: readonly Unit[] } {
  const unit = unitOf(heading)
  if (isDate(first)) {
    if (unit !== undefined) return { problem: `the heading says ${unitNames[unit]}, and '${first}' is a date` }
    return { as: 'dates', zone: date.exec(dotted(first))?.[5] !== undefined || / [+-]\d{4}\]?$/.test(first) }
  }
  if (!isNumber(first))
    return {
      problem: /^\d{1,2}\/\d{1,2}\/\d{4} /.test(first)
        ? `'${first}' may have the day or the month first: write dates like 2026-11-22T10:20:30.4Z`
        : `'${first}' is neither a number nor a date with a time, like 2026-11-22T10:20:30.4Z`,
    }
  const value = numberOf(first, decimal)
  const end = isNumber(last) ? numberOf(last, decimal) : value
  const fits = (one: Unit): boolean =>
    epochUnit(value) === one && ((end - value) * unitMs[one]) / 1000 <= LONGEST_SECONDS
  const epoch = (['s', 'ms', 'us', 'ns'] as const).find(fits)
  const numbers = (one: Unit): Reading => ({ as: 'numbers', unit: one, epoch: epoch === one, decimal })
  if (said !== undefined) return numbers(said)
  const tooLate = (one: Unit): boolean => (Math.abs(value) * unitMs[one]) / 1000 >= EPOCH_SECONDS.to
  if (unit === undefined && epoch !== undefined) return numbers(epoch)
  if (unit === undefined) {
    if (tooLate('s'))
      return {
        problem: `seconds are taken where the heading names no unit, and ${first} of them are more than a century`,
      }
    return { as: 'numbers', unit: 's', epoch: false, decimal, assumed: true }
  }
  if (epoch === undefined || epoch === unit) {
    if (tooLate(unit))
      return { problem: `the heading says ${unitNames[unit]}, and ${first} of them are more than a century` }
    return numbers(unit)
  }
  if (tooLate(unit)) return { as: 'numbers', unit: epoch, epoch: true, decimal, against: unit }
  return {
    problem: `the heading says ${unitNames[unit]}, and by its size ${first} is a Unix time in ${unitNames[epoch]}`,
    decides: [unit, epoch],
  }
}

/** A cell in the unit of its column (dates: milliseconds since 1970); NaN where it is not of that kind. */
export function timeIn(cell: string, reading: Reading): number {
  if (reading.as === 'numbers') return isNumber(cell) ? numberOf(cell, reading.decimal) : Number.NaN
  return dateMs(cell)
}

function numberOf(cell: string, decimal: '.' | ','): number {
  if (decimal === '.') return Number(cell)
  return cell.includes('.') ? Number.NaN : Number(cell.replace(',', '.'))
}

/** Finer than Date.parse, which cuts at milliseconds. */
export function dateMs(cell: string): number {
  const logMs = logDateMs(withoutBrackets(cell))
  if (Number.isFinite(logMs)) return logMs
  const [, day, minute, second = '00', fraction = '', zone = 'Z'] =
    date.exec(timeOfDay.test(cell) ? `1970-01-01 ${cell}` : dotted(cell)) ?? []
  if (day === undefined || new Date(Date.parse(`${day}T00:00Z`) || 0).toISOString().slice(0, 10) !== day)
    return Number.NaN
  const offset = /^(utc|z)$/i.test(zone)
    ? 'Z'
    : zone.replace(/^(...):?(\d{2})?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`)
  return Date.parse(`${day}T${minute}:${second}${offset}`) + Number(`0.${fraction || 0}`) * 1000
}

/**
 * Whether commas in a column are decimal ones. `1,234` alone may be either: it is one where any number of the column can be
 * nothing else. Undefined where nobody can tell.
 */
export function decimalOf(cells: Iterable<string>): '.' | ',' | undefined {
  let comma = false
  for (const cell of cells) {
    if (!cell.includes(',') || isDate(cell)) continue
    comma = true
    if (!/^[+-]?[1-9]\d{0,2},\d{3}$/.test(cell)) return ','
  }
  return comma ? undefined : '.'
}
