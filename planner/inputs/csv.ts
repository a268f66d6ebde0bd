/** Times of arrivals as text: one a line, in a column whose heading says what it holds. */
import { UsageError } from '#common/errors.ts'
import { duration, number, plural } from '#common/quantities.ts'
import { rowsOf, separatorOf, separatorWords } from './table.ts'
import {
  columnOfTimes,
  decimalOf,
  isDate,
  isNumber,
  type Reading,
  readingInWords,
  readingOf,
  timeIn,
  unitMs,
} from './times.ts'

/** Beyond this many connections a plan would take minutes. */
const MOST_ARRIVALS = 5_000_000

/** A year: more is a slip of the unit. */
const LONGEST_MS = 366 * 86_400_000

/** From such a share of arrivals on that have the same time as another one, the times are coarse rather than the arrivals close. */
const COARSE = 0.2

export interface Recorded {
  /** From 0, never decreasing. */
  atMs: Float64Array
  /** How many over how long, how they were read, and where from: the end of a sentence. */
  source: string
}

/**
 * Reads a CSV with a heading. A column of moments is looked for by name; its unit is what the heading says (`t_ms`), or else
 * follows from the first cell: a date, a Unix time by its size, or seconds. Throws a UsageError that names the line and says
 * how the file was read.
 */
export function parseCsv(file: string, text: string): Recorded {
  const column = columnOf(file, text)
  if (column.cells.length === 0) return recorded(file, [], `column \`${column.name}\``)
  const reading = readingOfColumn(file, column)
  const how = `column \`${column.name}\` as ${readingInWords(reading)}`
  return recorded(file, timesOf(file, column, reading, how), how)
}

/** The column of times as it is written. */
interface Column {
  name: string
  /** In the words of a sentence: how the columns were told apart. */
  among: string
  cells: string[]
  /** The line that each cell stands in. */
  lines: number[]
}

function columnOf(file: string, text: string): Column {
  const plain = text.replace(/^\uFEFF/, '')
  const separator = separatorOf(plain.trimStart().split(/\r\n|\n|\r/, 1)[0] ?? '')
  const among = separator === undefined ? 'a single column' : `columns separated by ${separatorWords[separator]}`
  const rows = rowsOf(file, plain, separator)
  const first = rows.next()
  if (first.done === true)
    throw new UsageError(`${file} is empty`, 'It needs a heading, such as t_ms, and below it one time a line')
  const { line: top, cells: names } = first.value
  const heading = names
    .slice(0, names.findLastIndex((name) => name !== '') + 1)
    .map((name) => name.replace(/^#\s*/, ''))
  const at = columnOfTimes(heading)
  if (at === -1) throw withoutHeading(`${file} line ${top}`, heading, among)
  const column: Column = { name: heading[at]!, among, cells: [], lines: [] }
  for (const { line, cells } of rows) {
    // Spreadsheets end every line with separators.
    const wide = cells.length > heading.length && cells.slice(heading.length).every((cell) => cell === '')
    if (cells.length !== heading.length && !wide)
      throw new UsageError(
        `${file} line ${line}: ${plural(cells.length, 'column')}, and the heading has ${number(heading.length)} (read as ${among})`,
        separator === ',' ? 'A decimal comma counts as two columns: write 1.5, or separate by semicolons' : undefined,
      )
    if (column.cells.length === MOST_ARRIVALS)
      throw new UsageError(`${file} has more than ${number(MOST_ARRIVALS)} arrivals`, 'Cut the busiest part out of it')
    column.cells.push(cells[at]!)
    column.lines.push(line)
  }
  return column
}

function withoutHeading(where: string, heading: readonly string[], among: string): UsageError {
  const value = heading.find((cell) => isNumber(cell) || isDate(cell))
  return new UsageError(
    `${where}: no heading says which column holds the times, and in which unit (read as ${among}: ${shortened(heading.join(', '))}${value === undefined ? '' : `, and '${value}' is not a name`})`,
    'Name the column of times in the first line: t_s, t_ms, t_us or t_ns, or time where it holds dates',
  )
}

function readingOfColumn(file: string, { name, among, cells, lines }: Column): Reading {
  const where = `${file} line ${lines[0]}, column \`${name}\` (read as ${among})`
  const decimal = decimalOf(cells)
  if (decimal === undefined)
    throw new UsageError(
      `${where}: a comma as in '${cells.find((cell) => cell.includes(','))}' may stand before decimals or between thousands`,
      'Write the numbers with a decimal point, and with nothing between thousands',
    )
  const reading = readingOf(name, shortened(cells[0]!), decimal)
  if (typeof reading !== 'string') return reading
  throw new UsageError(
    `${where}: ${reading}`,
    'Name the column by what it holds: t_s, t_ms, t_us or t_ns for numbers, time for dates',
  )
}

function timesOf(file: string, { cells, lines }: Column, reading: Reading, how: string): Float64Array {
  const unit = reading.as === 'dates' ? 1 : unitMs[reading.unit]
  const times = new Float64Array(cells.length)
  let [origin, before] = [0, Number.NEGATIVE_INFINITY]
  for (const [i, cell] of cells.entries()) {
    const value = timeIn(cell, reading)
    if (!Number.isFinite(value))
      throw new UsageError(
        `${file} line ${lines[i]}: '${shortened(cell)}' is not a time (${how})`,
        'Every line holds one time, written like the first one',
      )
    if (value < before)
      throw new UsageError(
        `${file} line ${lines[i]}: '${cell}' lies before the time of the line above (${how})`,
        'Sort the file by time: a trace out of order is often two traces',
      )
    if (i === 0) origin = value
    before = value
    // The difference first: Unix times in a small unit leave no digits for a fraction.
    times[i] = (value - origin) * unit
  }
  return times
}

/** A cell as it fits into a sentence. */
const shortened = (cell: string): string => (cell.length > 60 ? `${cell.slice(0, 60)}…` : cell)

/**
 * Sorted times, from the first one on. `how` says how they were read, where that had to be found out. Long gaps and coarse
 * times are no error, but are said.
 */
export function recorded(from: string, times: Float64Array | readonly number[], how?: string): Recorded {
  const read = how === undefined ? '' : ` (${how})`
  if (times.length < 2)
    throw new UsageError(
      `${from} holds ${times.length === 0 ? 'no arrivals' : 'one arrival only'}${read}`,
      'A plan needs two at least',
    )
  const origin = times[0]!
  const atMs = Float64Array.from(times, (time) => time - origin)
  const span = atMs.at(-1)!
  if (span === 0)
    throw new UsageError(
      `${from}: all ${number(times.length)} arrivals have the same time${read}, which says nothing of how fast they come`,
      'Record finer times, or give --rate',
    )
  if (span > LONGEST_MS)
    throw new UsageError(
      `${from} lasts ${duration(span)}, more than ${duration(LONGEST_MS)}${read}`,
      'Is the unit in its heading right? Else cut the busiest part out of it',
    )
  let gap = 0
  let together = 0
  for (let i = 1; i < atMs.length; i++) {
    gap = Math.max(gap, atMs[i]! - atMs[i - 1]!)
    if (atMs[i] === atMs[i - 1]) together++
  }
  const gapWords = gap > 20 * (span / atMs.length) && gap > span / 10 ? `, with a gap of ${duration(gap)} in it` : ''
  const coarse =
    together > COARSE * atMs.length
      ? `; ${number(together)} have the same time as the one before, and are taken to come at once: finer times may ask for less`
      : ''
  return {
    atMs,
    source: `${number(times.length)} arrivals over ${duration(span)}${gapWords}${how === undefined ? '' : `, ${how}`}, recorded in ${from}${coarse}`,
  }
}
