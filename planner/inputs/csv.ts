/** Times of arrivals as text: one a line, in a column whose heading says the unit. */
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'

const unitsMs: Record<string, number> = { ms: 1, s: 1000, us: 0.001, ns: 1e-6 }
/** Beyond this many connections a plan would take minutes. */
const MOST_ARRIVALS = 5_000_000

/** A year: more is a slip of the unit. */
const LONGEST_MS = 366 * 86_400_000

export interface Recorded {
  atMs: Float64Array
  source: string
}

/** Reads a CSV. The first column whose heading ends in a unit (`t_ms`, `time_s`, `ms`) or is `time` with ISO dates is taken. */
export function parseCsv(file: string, text: string): Recorded {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const separator = [',', ';', '\t'].find((one) => lines[0]?.includes(one)) ?? ','
  const cellsOf = (line: string): string[] => line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
  const heading = cellsOf(lines[0] ?? '').map((cell) => cell.toLowerCase())
  const column = heading.findIndex((cell) => unitOf(cell) !== undefined || cell === 'time' || cell === 'timestamp')
  if (text.trim() === '') throw new UsageError(`${file} is empty`)
  if (column === -1)
    throw new UsageError(
      `${file} line 1: no heading says which column holds the times, and in which unit`,
      'Name the column t_ms, t_s, t_us or t_ns, or time where it holds ISO dates',
    )
  const unit = unitOf(heading[column]!)
  const times: number[] = []
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '') continue
    const cells = cellsOf(line)
    const cell = cells[column] ?? ''
    const atMs =
      unit === undefined
        ? Date.parse(cell)
        : /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(cell)
          ? Number(cell) * unit
          : Number.NaN
    if (cells.length !== heading.length)
      throw new UsageError(
        `${file} line ${i + 1}: ${cells.length} columns, and the heading has ${heading.length}`,
        'A decimal comma counts as two columns: write 1.5',
      )
    if (!Number.isFinite(atMs))
      throw new UsageError(
        `${file} line ${i + 1}, ${heading[column]}: '${cell}' is no time`,
        unit === undefined
          ? 'It is read as an ISO date; for numbers name the column t_s, t_ms, t_us or t_ns'
          : undefined,
      )
    const before = times.at(-1)
    if (before !== undefined && atMs < before)
      throw new UsageError(
        `${file} line ${i + 1}, ${heading[column]}: this time lies before that of the line above`,
        'Sort the file by time: a trace out of order is often two traces',
      )
    times.push(atMs)
    if (times.length > MOST_ARRIVALS)
      throw new UsageError(`${file} has more than ${MOST_ARRIVALS} arrivals`, 'Cut the busiest part out of it')
  }
  return recorded(file, times)
}

const unitOf = (heading: string): number | undefined => unitsMs[/(?:^|_)(ms|s|us|ns)$/.exec(heading)?.[1] ?? '']

/** Sorted times, from zero on. Long gaps are no error, but are said. */
export function recorded(source: string, times: readonly number[]): Recorded {
  if (times.length < 2)
    throw new UsageError(
      `${source} holds ${times.length === 0 ? 'no arrivals' : 'one arrival only'}`,
      'A plan needs two at least',
    )
  const origin = times[0]!
  const atMs = Float64Array.from(times, (time) => time - origin)
  const span = atMs.at(-1)!
  if (span > LONGEST_MS)
    throw new UsageError(
      `${source} lasts ${duration(span)}, more than ${duration(LONGEST_MS)}`,
      'Is the unit in its heading right? Else cut the busiest part out of it',
    )
  let gap = 0
  for (let i = 1; i < atMs.length; i++) gap = Math.max(gap, atMs[i]! - atMs[i - 1]!)
  const gapWords = gap > 20 * (span / atMs.length) && gap > span / 10 ? `, with a gap of ${duration(gap)} in it` : ''
  return {
    atMs,
    source: `${number(times.length)} recorded in ${source} over ${duration(span)}${gapWords}`,
  }
}
