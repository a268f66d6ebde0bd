/** Logs of text in no format that is known by name: each line bears a moment somewhere, and words beside it. */
import { UsageError } from '#common/errors.ts'
import { number } from '#common/quantities.ts'
import { LOG_DATE, logDateMs } from '../log-date.ts'
import { separatorOf } from '../table.ts'
import { isNumber } from '../times.ts'
import { momentMs } from './dates.ts'
import { eachLine, type LogReading, type Said } from './format.ts'

const TIME = String.raw`\d{2}:\d{2}:\d{2}(?:[.,]\d+)?`
const ZONE = String.raw`(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})(?![\w:]))?`
/** A comma or a semicolon beside a moment would make it a cell of a table, and what stands before it may make it a part of an address. */
const within = (moment: string): RegExp =>
  new RegExp(String.raw`(?<![\w./:,;-])(?<![?&/]\S{0,200})(?:${moment})(?=[\s\])|"'>:]|$)`)
/** The last is Apache's, in its log of errors. */
const dated = within(
  String.raw`\d{4}[-/]\d{2}[-/]\d{2}(?:T| - | )${TIME}${ZONE}|${LOG_DATE.replace(':', '[: ]')}|[A-Z][a-z]{2} [ \d]\d ${TIME} \d{4}`,
)
/** LTSV names each field. */
const labelled = new RegExp(String.raw`(?:^|[\s,;])\w+:(?=${LOG_DATE})`)
const unlabelled = (line: string): string => line.replace(labelled, (label) => ' '.repeat(label.length))
/** A Unix time behind something else needs a fraction. */
const unix = within(String.raw`\d{10}\.\d{3,9}`)
const unixFirst = /^\[?(?:\d{10}(?:\.\d{1,9})?|\d{13})(?=[\s\]:])/
/** As of syslog. */
const yearless = within(String.raw`[A-Z][a-z]{2} [ \d]\d ${TIME}`)
/** How lines may say when, the surest first. */
const manners: readonly ((line: string) => RegExpExecArray | null)[] = [
  (line) => unixFirst.exec(line),
  (line) => dated.exec(unlabelled(line)),
  (line) => unix.exec(line),
  (line) => yearless.exec(line),
]
/** The method and what it is asked of, wherever a framework puts them. */
const request =
  /(?<!\w)(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT)["'\s:|]+(?:[a-z]+:\/\/|\/|\*|\S+:\d+ )|\bmethod[=:]"?[A-Z]{3,7}\b/
/** Some write a line when a request has come, and another when it is done. */
const begun = /\b(?:start(?:ed|ing)?|begin|began|incoming|received)\b|<--/i
const ended = /\b(?:complete[ds]?|finish(?:ed)?|done|end(?:ed)?)\b|-->/i
/** What servers write when a client has come: the first of these that a log has is said of each client once. */
const connected = [
  /\bconnection (?:received|accepted|opened|established)\b/i, // PostgreSQL
  /\b(?:new|incoming|inbound) (?:client )?connection\b/i, // Mosquitto
  /\baccepted (?:a )?(?:new )?(?:client )?connection\b/i,
  /\bconnection from\b/i, // sshd
  /\bconnect(?:ed)? from\b/i, // Postfix, stunnel
  /\blogin attempt:/i, // PgBouncer
]

/** Kinds of lines that are rarer than this are names and words that clients chose. */
const SHARE_OF_A_KIND = 0.02
/** So many lines say how the others are to be read. */
const SAMPLE = 500

type Manner = (typeof manners)[number]

interface Moment {
  ms: number
  /** Where it stands in its line. */
  at: number
  end: number
}

function momentIn(line: string, manner: Manner): Moment | undefined {
  const match = manner(line)
  if (match === null) return undefined
  const ms = msOf(match[0].replace(/^\[/, ''))
  return ms === undefined ? undefined : { ms, at: match.index, end: match.index + match[0].length }
}

/** Whether a line says when it was written. */
export const bearsMoment = (line: string): boolean => manners.some((manner) => momentIn(line, manner) !== undefined)

/** Whether a line has words beside its moment: a table of times and numbers has none. */
function isLine(line: string, manner: Manner): boolean {
  const moment = momentIn(line, manner)
  return moment !== undefined && /[A-Za-z]{2}/.test(line.slice(0, moment.at) + line.slice(moment.end))
}

/** In which manner most of these lines say when they were written; undefined where not even half of them do. */
function mannerOf(sample: readonly string[]): Manner | undefined {
  const told = manners.map((manner) => sample.filter((line) => isLine(line, manner)).length)
  const most = Math.max(...told)
  return most > 0 && most >= sample.length / 2 ? manners[told.indexOf(most)] : undefined
}

/** Whether lines are rows of a table: with a heading that bears no moment, or with a column of numbers. */
function isTable(sample: readonly string[]): boolean {
  const [first = ''] = sample
  const separator = separatorOf(first)
  if (separator === undefined || sample.length < 2) return false
  const rows = sample.map((line) => line.split(separator))
  if (rows.some((row) => row.length !== rows[0]!.length)) return false
  const below = rows.slice(1)
  return !bearsMoment(first) || rows[0]!.some((_, at) => below.every((row) => isNumber(row[at]!.trim())))
}

function msOf(text: string): number | undefined {
  const [, month, day = '', time, year = '2000'] = /^([A-Z][a-z]{2}) ([ \d]\d) (\S+)(?: (\d{4}))?$/.exec(text) ?? []
  if (month !== undefined) return sane(logDateMs(`${day.trim()}/${month}/${year}:${time}`))
  if (/^\d{1,2}\//.test(text)) return sane(logDateMs(text.replace(/^(\S+\/\d{4}) /, '$1:')))
  const dashed = text.replace(/^(\d{4})[-/](\d{2})[-/](\d{2})(?: - )?/, '$1-$2-$3 ').replace(/ GMT$/, ' UTC')
  return momentMs(/^\d{4}-/.test(dashed) ? dashed.replace(/^(\S+) [T ]?/, '$1 ') : text)
}

const sane = (ms: number): number | undefined => (Number.isFinite(ms) ? ms : undefined)

/**
 * Reads the lines of such a log: those that tell of a request, or of a client that has connected, or else all, where they are of one
 * kind. Undefined where a text is no such log. Throws a UsageError where its lines are of several kinds, and where they have no times.
 */
export function entriesOfText(file: string, lines: readonly string[]): LogReading | undefined {
  if (isTable(lines.filter((line) => line.trim() !== '').slice(0, SAMPLE))) return undefined
  const filled = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const sample = filled.slice(0, SAMPLE)
  const manner = mannerOf(sample)
  if (manner === undefined) {
    const requests = sample.filter((line) => request.test(line) && !bearsMoment(line)).length
    if (sample.length === 0 || requests < sample.length / 2) return undefined
    throw new UsageError(
      `${file}: its lines tell of requests, and not when each came`,
      'Let the server write a date with seconds on each line, or give --rate',
    )
  }
  const of = mostTold(filled) ?? linesIn(file, filled, manner)
  const hasYear = manner !== manners.at(-1)
  let [years, before] = [0, Number.NEGATIVE_INFINITY]
  const read = eachLine(lines, (line): Said => {
    const moment = momentIn(line, manner)
    if (moment === undefined) return { leftOut: 'lines without a time' }
    if (!of.is(line)) return { leftOut: of.others }
    if (hasYear) return { atMs: moment.ms, tookMs: 0 }
    // Half a year back is a new year.
    if (addYears(moment.ms, years) < before - HALF_A_YEAR_MS) years++
    before = addYears(moment.ms, years)
    return { atMs: before, tookMs: 0 }
  })
  return { ...read, format: of.format, of: of.of, times: hasYear ? of.times : `${of.times}, which has no year` }
}

const HALF_A_YEAR_MS = 183 * 86_400_000
const addYears = (ms: number, years: number): number => new Date(ms).setUTCFullYear(2000 + years)

/** Which lines of a log tell of arrivals. */
interface Kind extends Pick<LogReading, 'format' | 'of' | 'times'> {
  is: (line: string) => boolean
  others: string
}

const times = 'by the time of each line'

/** What more lines tell of: requests, or clients that have connected; undefined where hardly a line tells of either. */
function mostTold(lines: readonly string[]): Kind | undefined {
  const least = Math.max(1, SHARE_OF_A_KIND * lines.length)
  const requests = lines.filter((line) => request.test(line))
  const words = connected
    .map((one) => ({ one, told: lines.filter((line) => one.test(line)).length }))
    .find(({ told }) => told >= least)
  if (requests.length >= least && requests.length > (words?.told ?? 0)) return requestsIn(requests)
  return words === undefined
    ? undefined
    : {
        ...{ format: 'log of connections as text', of: 'connections', times },
        is: (line) => words.one.test(line),
        others: 'lines that tell of no new connection',
      }
}

function requestsIn(requests: readonly string[]): Kind {
  // What a client asked for says nothing of it.
  const own = (line: string): string => line.slice(0, LONG).replaceAll(/"[^"]*"|(?<!\S)\S*\/\S*/g, ' ')
  const hasEnded = (line: string): boolean => ended.test(own(line)) && !begun.test(own(line))
  const both = requests.some((line) => begun.test(own(line))) && requests.some(hasEnded)
  return {
    ...{ format: 'log of requests as text', of: 'requests', times },
    is: (line) => request.test(line) && !(both && hasEnded(line)),
    others: both ? 'lines that tell of no request, or of its end' : 'lines that tell of no request',
  }
}

/** Throws a UsageError where they are of several kinds. */
function linesIn(file: string, lines: readonly string[], manner: Manner): Kind {
  refuseSeveral(file, lines, manner)
  return { format: 'log as text', of: 'lines', times, is: () => true, others: '' }
}

/** What a line tells of itself stands so near its beginning, and its kind so near its moment. */
const LONG = 2000
const WORDS_WITHIN = 300

/** The first words of a text, without what differs from line to line. */
const kindOf = (text: string): string =>
  text
    .replaceAll(/"[^"]*"|'[^']*'|\S*[\d=]\S*|\b(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|LOG)\b:?/gi, ' ')
    .match(/[A-Za-z][\w-]+/g)
    ?.slice(0, 4)
    .join(' ') ?? ''

function refuseSeveral(file: string, lines: readonly string[], manner: Manner): void {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const moment = momentIn(line, manner)
    if (moment === undefined) continue
    const kind = kindOf(line.slice(moment.end, moment.end + WORDS_WITHIN))
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const kinds = [...counts]
    .filter(([, count]) => count >= Math.max(2, SHARE_OF_A_KIND * lines.length))
    .toSorted(([, a], [, b]) => b - a)
  if (kinds.length < 2) return
  const shown = kinds.slice(0, 3).map(([kind, count]) => `'${kind || '(no words)'}' (${number(count)})`)
  const others = new Set(kinds.slice(1).flatMap(([kind]) => kind.split(' ')))
  const [first = ''] = kinds[0]!
  const telling = first.split(' ').find((word) => !others.has(word)) ?? 'WORDS'
  throw new UsageError(
    `${file} is a log whose lines are of several kinds: ${shown.join(', ')}${kinds.length > 3 ? ', …' : ''}`,
    `Keep only those that each tell of an arrival, such as: grep '${telling}' '${file}' > arrivals.log`,
  )
}
