/** Texts that other programs save, brought into a form that is read here; or a sentence that says what is open. */
import { UsageError } from '#common/errors.ts'
import type { Table } from './csv.ts'
import { momentMs } from './logs/dates.ts'
import { eachLine, type LogReading } from './logs/format.ts'
import { isDate } from './times.ts'

/** Throws a UsageError for what cannot be told from the text alone. */
export function refuseForeign(file: string, text: string): void {
  if (/^Running \S+ test @ |^Summary:\s*$|^This is ApacheBench/m.test(text.slice(0, 2000)))
    throw new UsageError(
      `${file} is the summary of a load test, which tells no moment of any arrival`,
      'Give the rate that it reached with --rate, or the connections that it held with --clients',
    )
}

/** Requests of k6's JSON output, which has a line for each metric of each. Undefined where it is none. */
export function requestsOfK6Json(lines: readonly string[]): LogReading | undefined {
  if (
    !lines.slice(0, 20).some((line) => /^\{.*"type"\s*:\s*"(?:Metric|Point)"/.test(line) && /"metric"\s*:/.test(line))
  )
    return undefined
  return requestsOf('k6’s JSON output', lines, (line) => {
    if (!/"type"\s*:\s*"Point"/.test(line) || !/"metric"\s*:\s*"http_reqs"/.test(line))
      return { leftOut: 'points of other metrics' }
    return /"time"\s*:\s*"([^"]+)"/.exec(line)?.[1]
  })
}

/** Logs in the extended format of the W3C, as CloudFront and IIS write them: a heading of `#Fields:`. Undefined where it is none. */
export function requestsOfW3c(lines: readonly string[]): LogReading | undefined {
  const heading = lines.slice(0, 50).find((line) => /^#Fields:\s/i.test(line))
  const fields =
    heading
      ?.replace(/^#Fields:\s*/i, '')
      .trim()
      .split(/\s+/) ?? []
  const [date, time] = [fields.indexOf('date'), fields.indexOf('time')]
  if (date === -1 || time === -1) return undefined
  return requestsOf('log in the extended format of the W3C', lines, (line) => {
    const cells = line.includes('\t') ? line.split('\t') : line.split(/\s+/)
    return `${cells[date] ?? ''} ${cells[time] ?? ''}Z`
  })
}

function requestsOf(
  format: string,
  lines: readonly string[],
  momentOf: (line: string) => string | { leftOut: string } | undefined,
): LogReading {
  const read = eachLine(lines, (line) => {
    const moment = momentOf(line)
    if (typeof moment === 'object') return moment
    const atMs = momentMs(moment)
    return atMs === undefined ? undefined : { atMs, tookMs: 0 }
  })
  return { ...read, format, of: 'requests', times: 'with its times as they are, which is when a request ended' }
}

/** `20 27/Nov/2026:14:13:05`, and with the count behind the moment, as awk prints it; of minutes the seconds are missing. */
const counted = /^\s*(\d+)\s+\[?(\S*\d[/:-]\d\S*(?: \d{2}:\d{2}(?::\d{2})?)?)\]?\s*$/
const countedBehind = /^\s*\[?(\S*\d[/:-]\d\S*(?: \d{2}:\d{2}(?::\d{2})?)?)\]?\s+(\d+)\s*$/

/** The column of counts in what follows. */
export const UNIQ_COUNTS = 'counts of uniq -c'

/** What `uniq -c` makes of the times of a log, as a table of counts; undefined where a text is something else. */
export function countsOfUniq(lines: readonly string[]): string | undefined {
  const filled = lines.filter((line) => line.trim() !== '')
  const read = filled.map((line) => {
    const [, before, first] = counted.exec(line) ?? []
    const [, behind, second] = countedBehind.exec(line) ?? []
    const [moment, count] = first === undefined ? [behind, second] : [first, before]
    if (moment === undefined) return undefined
    const whole =
      /(?:^|[T: ])\d{2}:\d{2}$/.test(moment) && !/(?<!\d)\d{2}:\d{2}:\d{2}$/.test(moment) ? `${moment}:00` : moment
    return isDate(whole) ? `${whole},${count}` : undefined
  })
  if (read.length === 0 || read.includes(undefined)) return undefined
  return [`time,${UNIQ_COUNTS}`, ...read].join('\n')
}

/** hey writes requests as they end, and when each began into `offset`, in seconds. */
export function requestsOfHey(table: Table): Table {
  const at = table.heading.indexOf('offset')
  if (at === -1 || !table.heading.includes('response-time')) return table
  const order = [...table.rows.keys()].sort((a, b) => Number(table.rows[a]![at]) - Number(table.rows[b]![at]))
  return {
    ...table,
    heading: ['offset_s'],
    rows: order.map((row) => [table.rows[row]![at] ?? '']),
    lines: order.map((row) => table.lines[row]!),
  }
}

const scales: Record<string, number> = { '': 1, k: 1e3, m: 1e6 }
const timed =
  /^(\d+(?:\.\d+)?)\s*([km]?)\s*(?:reqs?|requests?|conns?|connections?|hits?|ops|cps|c|[rqct](?=p[smh]$))?\s*(?:\/\s*(s(?:ec)?|m(?:in)?|h(?:our)?)|p([smh]))$/i
const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600 }

/** Dashboards write the unit into each cell: `20 req/s`. Such a column is one of rates, and is made one of rates a second. */
export function withoutUnits(table: Table): Table {
  const rates = new Set(
    [...table.heading.keys()].filter(
      (at) => table.rows.length > 0 && table.rows.every((row) => timed.test(row[at] ?? '')),
    ),
  )
  if (rates.size === 0) return table
  const plain = (cell: string): string => {
    const [, value = '', scale = '', unit, short] = timed.exec(cell) ?? []
    const seconds = secondsOf[(unit ?? short ?? 's')[0]!.toLowerCase()] ?? 1
    return String((Number(value) * (scales[scale.toLowerCase()] ?? 1)) / seconds)
  }
  return {
    ...table,
    rates,
    rows: table.rows.map((row) => row.map((cell, at) => (rates.has(at) ? plain(cell) : cell))),
  }
}
