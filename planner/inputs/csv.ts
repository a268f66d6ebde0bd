/** Times of arrivals as a table: one a line, in a column whose heading or whose cells say what it holds; or counts of them. */
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import { duration, number, plural } from '#common/quantities.ts'
import { type Counted, countedArrivals, MOST_ARRIVALS } from './counts.ts'
import { requestsOfHey, withoutUnits } from './foreign.ts'
import { type CountColumn, countColumnOf, countsIn, openColumnOf, type Values } from './histogram.ts'
import { toldArrivals } from './logs/log.ts'
import { synsOf } from './packet-table.ts'
import { type Recorded, recorded, type SaidOfRecording } from './recorded.ts'
import { rowsOf, separatorOf, separatorWords } from './table.ts'
import {
  columnOfTimes,
  decimalOf,
  epochUnit,
  hasSeconds,
  isDate,
  isNumber,
  type Reading,
  readingInWords,
  readingOf,
  timeIn,
  unitMs,
  unitNames,
} from './times.ts'

/**
 * Reads a CSV with a heading. A column of moments is looked for by name, or else by its cells; its unit is what the heading
 * says (`t_ms`), or else follows from the first cell: a date, a Unix time by its size, or seconds. A column of counts beside it
 * makes a histogram. Throws a UsageError that names the line and says how the file was read.
 */
export function parseCsv(file: string, text: string, said: SaidOfRecording = {}): Recorded {
  const table = withoutUnits(requestsOfHey(requestsOfK6(tableOf(file, text))))
  const at = timesAt(file, table, said)
  const column = columnAt(table, at)
  if (column.cells.length === 0) return recorded(file, [], { how: `column \`${column.name}\`` })
  const reading = readingOfColumn(file, column, said)
  const how = `column \`${column.name}\` as ${readingInWords(reading)}`
  const times = timesOf(file, column, reading, how)
  const syns = synsOf(file, table, times, how, said.port)
  if (syns !== undefined) return toldArrivals(file, syns, said)
  const counts = countColumnOf(file, table, at, said)
  if (counts !== undefined) return histogram(file, table, times, counts, column, reading, how, said)
  const open = openColumnOf(table, times, at)
  if (open !== undefined && said.samples !== undefined) return parseCsv(file, text, { ...said, counts: open })
  if (open !== undefined)
    throw new UsageError(
      `${file} line ${column.lines[0]}: the times go in even steps, so that \`${open}\` may count the arrivals of each (${how})`,
      `If it does, say --counts ${/^[\w.-]+$/.test(open) ? open : `'${open}'`}, with --samples rate where it is a rate a second, --samples counter where it only grows; leave it out if each line is one arrival`,
    )
  if (isUnitOpen(column, reading)) throw whichUnit(file, column)
  const byMinute = reading.as === 'dates' && column.cells.every((cell) => !hasSeconds(cell))
  return recorded(file, times, { how, tickMs: byMinute ? 60_000 : undefined, seed: said.seed })
}

/** k6 writes a line for each metric of each request: one of them counts requests. */
function requestsOfK6(table: Table): Table {
  const at = table.heading.indexOf('metric_name')
  if (at === -1 || !table.heading.includes('timestamp')) return table
  const metric = ['http_reqs', 'ws_sessions', 'grpc_req_duration', 'iterations'].find((name) =>
    table.rows.some((row) => row[at] === name),
  )
  const kept = [...table.rows.keys()].filter((row) => table.rows[row]![at] === metric)
  return { ...table, rows: kept.map((row) => table.rows[row]!), lines: kept.map((row) => table.lines[row]!) }
}

/** A table as it is written. */
export interface Table {
  heading: string[]
  /** The line that the heading stands in. */
  top: number
  /** In the words of a sentence: how the columns were told apart. */
  among: string
  rows: string[][]
  /** The line that each row stands in. */
  lines: number[]
  /** Columns whose cells said themselves that they are rates: they hold connections per second. */
  rates?: ReadonlySet<number>
}

interface Column {
  name: string
  among: string
  cells: string[]
  lines: number[]
}

const columnAt = ({ heading, among, rows, lines }: Table, at: number): Column => ({
  name: heading[at]!,
  among,
  cells: rows.map((row) => row[at] ?? ''),
  lines,
})

function tableOf(file: string, text: string): Table {
  const plain = text.replace(/^\uFEFF/, '')
  const separator = separatorOf(plain.trimStart().split(/\r\n|\n|\r/, 1)[0] ?? '')
  const among = separator === undefined ? 'a single column' : `columns separated by ${separatorWords[separator]}`
  const read = rowsOf(file, plain, separator)
  const first = read.next()
  if (first.done === true)
    throw new UsageError(`${file} is empty`, 'It needs a heading, such as t_ms, and below it one time a line')
  const { line: top, cells: names } = first.value
  const table: Table = { heading: [], top, among, rows: [], lines: [] }
  const take = (line: number, cells: string[]): void => {
    if (table.rows.length === MOST_ARRIVALS)
      throw new UsageError(`${file} has more than ${number(MOST_ARRIVALS)} arrivals`, 'Cut the busiest part out of it')
    table.rows.push(cells)
    table.lines.push(line)
  }
  // A list of Unix times needs no heading: their size tells their unit.
  if (isNumber(names[0]!) && epochUnit(Number(names[0])) !== undefined) {
    table.heading = ['(no heading)', ...names.slice(1).map((_, i) => `column ${i + 2}`)]
    take(top, names)
  } else
    table.heading = names
      .slice(0, names.findLastIndex((name) => name !== '') + 1)
      .map((name) => name.replace(/^#\s*/, ''))
  const { heading } = table
  for (const { line, cells } of read) {
    // Spreadsheets end every line with separators.
    const wide = cells.length > heading.length && cells.slice(heading.length).every((cell) => cell === '')
    if (cells.length !== heading.length && !wide)
      throw new UsageError(
        `${file} line ${line}: ${plural(cells.length, 'column')}, and the heading has ${number(heading.length)} (read as ${among})`,
        separator === ',' ? 'A decimal comma counts as two columns: write 1.5, or separate by semicolons' : undefined,
      )
    take(line, cells)
  }
  return table
}

/** Which column holds the times: the one that a person names, or whose heading does, or else the one whose cells are moments. */
function timesAt(file: string, { heading, top, among, rows, lines }: Table, { column }: SaidOfRecording): number {
  if (column !== undefined) {
    const at = heading.findIndex((name) => name.toLowerCase() === column.toLowerCase())
    if (at !== -1) return at
    throw new UsageError(
      `${file} line ${top} has no column '${column}'${orNearest(column, heading)}`,
      `Its columns: ${shortened(heading.join(', '))}`,
    )
  }
  if (heading[0] === '(no heading)') return 0
  const named = columnOfTimes(heading)
  if (named !== -1) return named
  const first = rows[0] ?? []
  const moments = [...heading.keys()].filter((i) => isMoment(first[i] ?? ''))
  if (moments.length > 1)
    throw new UsageError(
      `${file} line ${lines[0]}: ${moments.map((i) => `\`${heading[i]}\``).join(' and ')} both hold times (read as ${among})`,
      `Say which one is the arrival: --column ${heading[moments[0]!]}`,
    )
  if (moments.length === 1 && !heading.some(isMoment)) return moments[0]!
  throw withoutHeading(`${file} line ${top}`, heading, among)
}

const isMoment = (cell: string): boolean => isDate(cell) || (isNumber(cell) && epochUnit(Number(cell)) !== undefined)

function withoutHeading(where: string, heading: readonly string[], among: string): UsageError {
  const value = heading.find((cell) => isNumber(cell) || isDate(cell))
  return new UsageError(
    `${where}: no heading says which column holds the times, and in which unit (read as ${among}: ${shortened(heading.join(', '))}${value === undefined ? '' : `, and '${value}' is not a name`})`,
    'Name the column of times in the first line: t_s, t_ms, t_us or t_ns, or time where it holds dates',
  )
}

function readingOfColumn(file: string, { name, among, cells, lines }: Column, { timeUnit }: SaidOfRecording): Reading {
  const where = `${file} line ${lines[0]}, column \`${name}\` (read as ${among})`
  const decimal = decimalOf(cells)
  if (decimal === undefined)
    throw new UsageError(
      `${where}: a comma as in '${cells.find((cell) => cell.includes(','))}' may stand before decimals or between thousands`,
      'Write the numbers with a decimal point, and with nothing between thousands',
    )
  const ends = { heading: name, first: shortened(cells[0]!), last: shortened(cells.at(-1)!) }
  const reading = readingOf(ends, decimal, timeUnit)
  if (!('problem' in reading)) return reading
  throw new UsageError(
    `${where}: ${reading.problem}`,
    reading.decides === undefined
      ? 'Name the column by what it holds: t_s, t_ms, t_us or t_ns for numbers, time for dates'
      : `Say which it is: ${reading.decides.map((unit) => `--time-unit ${unit} for ${unitNames[unit]}`).join(', ')}`,
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

function histogram(
  file: string,
  table: Table,
  times: Float64Array,
  column: CountColumn,
  timesColumn: Column,
  reading: Reading,
  how: string,
  { seed }: SaidOfRecording,
): Recorded {
  const { stepMs, counts } = countsIn(file, table, times, column)
  const assumed = reading.as === 'numbers' && reading.assumed === true
  // Nobody counts by the millisecond: such steps are of seconds, and any other has to be told.
  if (assumed && !usualStepsMs.has(stepMs)) throw whichUnit(file, timesColumn)
  if (column.is.as === 'counter') return ofCounter(file, times, counts, `column \`${column.name}\``, how, seed)
  const intervals = counts.map((count, i): Counted => ({ fromMs: times[i]!, toMs: times[i]! + stepMs, count }))
  const name = `column \`${column.name}\` as ${valuesInWords(column.is, stepMs)}`
  const missing = Math.round((times.at(-1)! - times[0]!) / stepMs) + 1 - times.length
  const notes =
    missing > 0
      ? [`${plural(missing, 'interval')} without a line ${missing === 1 ? 'counts' : 'count'} as one without arrivals`]
      : []
  return countedArrivals(file, intervals, { how: `${name}, ${how}`, notes, seed })
}

const valuesInWords = (is: Values, stepMs: number): string =>
  is.as === 'rate'
    ? is.seconds === 1
      ? `arrivals a second in each ${duration(stepMs)}`
      : `the arrivals of ${duration(is.seconds * 1000)}, told every ${duration(stepMs)}`
    : `the number of arrivals in each ${duration(stepMs)}`

/** What a counter grew by from one line to the next: it may be reset, and then began again at zero. */
function ofCounter(
  file: string,
  times: Float64Array,
  values: readonly number[],
  name: string,
  how: string,
  seed: number | undefined,
): Recorded {
  const resets = values.filter((value, i) => i > 0 && value < values[i - 1]!).length
  const intervals = values.slice(1).map((value, i): Counted => {
    const before = values[i]!
    return { fromMs: times[i]!, toMs: times[i + 1]!, count: value < before ? value : value - before }
  })
  const notes = resets > 0 ? [`${plural(resets, 'reset')} in it: what came just before one is not known`] : []
  return countedArrivals(file, intervals, {
    how: `${name} as a counter, whose increases are taken, ${how}`,
    notes,
    seed,
  })
}

const usualStepsMs = new Set([1, 2, 5, 10, 15, 20, 30, 60, 300, 600, 900, 1800, 3600].map((seconds) => seconds * 1000))

/** Whole numbers without a unit may be seconds or milliseconds; with a fraction they are seconds, as captures write them. */
const isUnitOpen = ({ cells }: Column, reading: Reading): boolean =>
  reading.as === 'numbers' &&
  reading.assumed === true &&
  cells[0] !== cells.at(-1) &&
  cells.every((cell) => /^[+-]?\d+$/.test(cell))

const whichUnit = (file: string, { name, lines, cells }: Column): UsageError =>
  new UsageError(
    `${file} line ${lines[0]}, column \`${name}\`: numbers such as ${cells.at(-1)} may be seconds or milliseconds, and the heading names no unit`,
    'Say which: --time-unit s, or --time-unit ms (us, ns)',
  )

/** A cell as it fits into a sentence. */
const shortened = (cell: string): string => (cell.length > 60 ? `${cell.slice(0, 60)}…` : cell)
