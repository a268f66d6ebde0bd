/** Texts that other programs save, brought into a form that is read here; or a sentence that says what is open. */
import { UsageError } from '#common/errors.ts'
import type { Table } from './csv.ts'
import { momentMs } from './logs/dates.ts'
import { eachLine, type LogReading } from './logs/format.ts'

/** Throws a UsageError for what cannot be told from the text alone. */
export function refuseForeign(file: string, text: string): void {
  if (
    /^\s*\{\s*"status"\s*:\s*"(?:success|error)"/.test(text) ||
    /"resultType"\s*:\s*"(?:matrix|vector)"/.test(text.slice(0, 2000))
  )
    throw new UsageError(
      `${file} is an answer of a Prometheus, and does not say whether its values are rates, counts or a counter`,
      'Ask it directly: --arrivals http://PROMETHEUS --query QUERY --range 1h; or save it as CSV, with the heading time,rps for rates or time,count for counts',
    )
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
const perSecond =
  /^(\d+(?:\.\d+)?)\s*([km]?)\s*(?:reqs?|requests?|conns?|connections?|hits?|ops|cps|c|p)?\s*(?:\/\s*s(?:ec)?|ps)$/i

/** Dashboards write the unit into each cell: `20 req/s`. Such a column is one of rates. */
export function withoutUnits(table: Table): Table {
  const ofRates = table.heading.map(
    (_, at) => table.rows.length > 0 && table.rows.every((row) => perSecond.test(row[at] ?? '')),
  )
  if (!ofRates.includes(true)) return table
  const plain = (cell: string): string => {
    const [, value = '', scale = ''] = perSecond.exec(cell) ?? []
    return String(Number(value) * (scales[scale.toLowerCase()] ?? 1))
  }
  return {
    ...table,
    heading: table.heading.map((name, at) => (ofRates[at] === true ? `rate (${name})` : name)),
    rows: table.rows.map((row) => row.map((cell, at) => (ofRates[at] === true ? plain(cell) : cell))),
  }
}
