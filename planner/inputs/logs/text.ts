/** Logs of text in no format that is known by name: each line bears a moment somewhere, and words beside it. */
import { UsageError } from '#common/errors.ts'
import { number } from '#common/quantities.ts'
import { LOG_DATE, logDateMs } from '../log-date.ts'
import { columnOfTimes } from '../times.ts'
import { momentMs } from './dates.ts'
import { eachLine, type LogReading, type Said } from './format.ts'

const TIME = String.raw`\d{2}:\d{2}:\d{2}(?:[.,]\d+)?`
const ZONE = String.raw`(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})(?![\w:]))?`
/** What may stand before a moment and behind it: a comma or a semicolon would make it a cell of a table. */
const within = (moment: string): RegExp => new RegExp(String.raw`(?<![\w./:-])(?:${moment})(?=[\s\])|"'>:]|$)`)
/** The last is Apache's, in its log of errors. */
const dated = within(
  String.raw`\d{4}[-/]\d{2}[-/]\d{2}(?:T| - | )${TIME}${ZONE}|${LOG_DATE.replace(':', '[: ]')}|[A-Z][a-z]{2} [ \d]\d ${TIME} \d{4}`,
)
const labelled = new RegExp(String.raw`(?:^|[\s,;])\w+:(?=${LOG_DATE})`)
/** Without a year, as syslog writes them. */
const yearless = within(String.raw`[A-Z][a-z]{2} [ \d]\d ${TIME}`)
/** A Unix time needs a fraction, unless the line begins with it. */
const unix = within(String.raw`\d{10}\.\d{3,9}|(?<=^\[?)(?:\d{10}|\d{13})`)
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

interface Moment {
  ms: number
  /** Where it stands in its line. */
  at: number
  end: number
  yearless: boolean
}

/** The first moment of a line; one with its year goes before what a log daemon has put in front of it. */
function momentOf(line: string): Moment | undefined {
  // LTSV names each field.
  const found = dated.exec(line.replace(labelled, (label) => ' '.repeat(label.length))) ?? unix.exec(line)
  const match = found ?? yearless.exec(line)
  if (match === null) return undefined
  const [text] = match
  const ms = msOf(text)
  const [at, end] = [match.index, match.index + text.length]
  return ms === undefined ? undefined : { ms, at, end, yearless: found === null }
}

function msOf(text: string): number | undefined {
  const [, month, day = '', time, year = '2000'] = /^([A-Z][a-z]{2}) ([ \d]\d) (\S+)(?: (\d{4}))?$/.exec(text) ?? []
  if (month !== undefined) return sane(logDateMs(`${day.trim()}/${month}/${year}:${time}`))
  if (/^\d{1,2}\//.test(text)) return sane(logDateMs(text.replace(/^(\S+\/\d{4}) /, '$1:')))
  const dashed = text.replace(/^(\d{4})[-/](\d{2})[-/](\d{2})(?: - )?/, '$1-$2-$3 ').replace(/ GMT$/, ' UTC')
  return momentMs(/^\d{4}-/.test(dashed) ? dashed.replace(/^(\S+) [T ]?/, '$1 ') : text)
}

const sane = (ms: number): number | undefined => (Number.isFinite(ms) ? ms : undefined)

/** Whether a line has words beside its moment: a table of times and numbers has none. */
function isLine(line: string): boolean {
  const moment = momentOf(line)
  return moment !== undefined && /[A-Za-z]{2}/.test(line.slice(0, moment.at) + line.slice(moment.end))
}

/**
 * Reads the lines of such a log: those that tell of a request, or of a client that has connected, or else all, where they are of one
 * kind. Undefined where a text is no such log. Throws a UsageError where its lines are of several kinds, and where they have no times.
 */
export function entriesOfText(file: string, lines: readonly string[]): LogReading | undefined {
  const filled = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const sample = filled.slice(0, 500)
  const [first = ''] = sample
  const told = sample.filter(isLine).length
  if (!isLine(first) && (told < sample.length / 2 || columnOfTimes(first.split(/[,;\t]/)) !== -1)) {
    const requests = sample.filter((line) => request.test(line) && momentOf(line) === undefined).length
    if (sample.length === 0 || requests < sample.length / 2) return undefined
    throw new UsageError(
      `${file}: its lines tell of requests, and not when each came`,
      'Let the server write a date with seconds on each line, or give --rate',
    )
  }
  if (told < sample.length / 2) return undefined
  const of = requestsIn(filled) ?? connectionsIn(filled) ?? linesIn(file, filled)
  let [years, before, hadYear] = [0, Number.NEGATIVE_INFINITY, true]
  const read = eachLine(lines, (line): Said => {
    const moment = momentOf(line)
    if (moment === undefined) return { leftOut: 'lines without a time' }
    if (!of.is(line)) return { leftOut: of.others }
    hadYear &&= !moment.yearless
    if (moment.yearless) {
      // Half a year back is a new year.
      if (addYears(moment.ms, years) < before - HALF_A_YEAR_MS) years++
      before = addYears(moment.ms, years)
      return { atMs: before, tookMs: 0 }
    }
    return { atMs: moment.ms, tookMs: 0 }
  })
  return { ...read, format: of.format, of: of.of, times: hadYear ? of.times : `${of.times}, which has no year` }
}

const HALF_A_YEAR_MS = 183 * 86_400_000
const addYears = (ms: number, years: number): number => new Date(ms).setUTCFullYear(2000 + years)

/** Which lines of a log tell of arrivals. */
interface Kind extends Pick<LogReading, 'format' | 'of' | 'times'> {
  is: (line: string) => boolean
  others: string
}

const times = 'by the time of each line'

function requestsIn(lines: readonly string[]): Kind | undefined {
  const told = lines.filter((line) => request.test(line))
  if (told.length === 0) return undefined
  const both = told.some((line) => begun.test(line)) && told.some((line) => ended.test(line) && !begun.test(line))
  return {
    ...{ format: 'log of requests as text', of: 'requests', times },
    is: (line) => request.test(line) && !(both && ended.test(line) && !begun.test(line)),
    others: both ? 'lines that tell of no request, or of its end' : 'lines that tell of no request',
  }
}

function connectionsIn(lines: readonly string[]): Kind | undefined {
  const words = connected.find((one) => lines.some((line) => one.test(line)))
  return words === undefined
    ? undefined
    : {
        ...{ format: 'log of connections as text', of: 'connections', times },
        is: (line) => words.test(line),
        others: 'lines that tell of no new connection',
      }
}

/** Throws a UsageError where they are of several kinds. */
function linesIn(file: string, lines: readonly string[]): Kind {
  refuseSeveral(file, lines)
  return { format: 'log as text', of: 'lines', times, is: () => true, others: '' }
}

/** What kind a line is of its first words tell. */
const WORDS_WITHIN = 300

/** The first words of a text, without what differs from line to line. */
const kindOf = (text: string): string =>
  text
    .replaceAll(/"[^"]*"|'[^']*'|\S*[\d=]\S*|\b(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|LOG)\b:?/gi, ' ')
    .match(/[A-Za-z][\w-]+/g)
    ?.slice(0, 4)
    .join(' ') ?? ''

function refuseSeveral(file: string, lines: readonly string[]): void {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const moment = momentOf(line)
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
