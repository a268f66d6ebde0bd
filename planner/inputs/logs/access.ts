/** Access logs as text: of nginx, Apache, HAProxy and Envoy, and whatever quotes the first line of a request. */
import { UsageError } from '#common/errors.ts'
import { number } from '#common/quantities.ts'
import { LOG_DATE, logDateMs } from '../log-date.ts'
import { momentMs } from './dates.ts'
import { eachLine, type LogFormat, type LogReading, type Said } from './format.ts'

const REQUEST = String.raw`"(?:[^"\\]|\\.)*"`

/** HOST IDENT USER [DATE] "REQUEST" STATUS BYTES, and what a format adds. */
const common = new RegExp(String.raw`\[(${LOG_DATE})\] ${REQUEST} (?:\d{3}|-) (?:\d+|-)(.*)$`)
const combinedRest = new RegExp(`^ ${REQUEST} ${REQUEST}(.*)$`)
/** $request_time of nginx: seconds with three decimals, with a name or without one. Apache's %D and %T are whole. */
const named = /(?:^|[\s,|;"'])(?:rt|request_time|req_time|time)[=:]\s*"?(\d+\.\d{3})(?!\d)/
const bare = /(?:^|\s)"?(\d+\.\d{3})"?(?=\s|$)/

export const commonLog: LogFormat = {
  matches: (line) => common.test(line),
  read(_file, lines) {
    let withTime = 0
    const forms = new Map<string, number>()
    const read = eachLine(lines, (line): Said => {
      const [, date = '', rest = ''] = common.exec(line) ?? []
      const atMs = logDateMs(date)
      if (Number.isNaN(atMs)) return undefined
      const more = combinedRest.exec(rest)?.[1]
      const own = (more ?? rest).trim()
      const form =
        own === '' ? (more === undefined ? 'the common format' : 'the combined format') : 'a format of its own'
      forms.set(form, (forms.get(form) ?? 0) + 1)
      const took = (named.exec(own) ?? bare.exec(own))?.[1]
      if (took === undefined) return { atMs, tookMs: 0 }
      withTime++
      return { atMs, tookMs: Number(took) * 1000 }
    })
    const form = [...forms].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 'the common format'
    return { ...read, format: `access log in ${form}`, of: 'requests', times: timesInWords(withTime, read) }
  },
}

function timesInWords(withTime: number, { entries }: Pick<LogReading, 'entries'>): string {
  if (withTime === 0) return 'with its times as they are: nginx writes when a request ended, Apache when it began'
  const some = withTime < entries.length ? ` where there is one (${withTime} of ${entries.length} lines)` : ''
  return `each request taken to have begun its $request_time before its line${some}`
}

/** CLIENT:PORT [DATE] FRONTEND BACKEND/SERVER TIMERS; syslog puts its own words before it. */
const proxied = new RegExp(
  String.raw`(?:^|\s)(\S+:\d+) \[(${LOG_DATE})\] (?:([^\s~]+)~? \S+\/\S+ ([+-]?\d+(?:\/[+-]?\d+)+) |([^\s/]+)\/[^\s:]+: )`,
)

export const haproxyLog: LogFormat = {
  matches: (line) => proxied.test(line),
  read(file, lines, { frontend }) {
    let requests = 0
    const frontends = new Map<string, number>()
    const read = eachLine(lines, (line): Said => {
      const [, connection, date = '', one, timers, failed] = proxied.exec(line) ?? []
      const atMs = logDateMs(date)
      if (Number.isNaN(atMs)) return undefined
      const name = one ?? failed ?? ''
      if (frontend !== undefined && name !== frontend) return { leftOut: 'lines of other frontends' }
      frontends.set(name, (frontends.get(name) ?? 0) + 1)
      // TCP: waiting, connecting, all. HTTP: five, since a request and an answer come in between.
      if (timers !== undefined && timers.split('/').length > 3) requests++
      return { atMs, tookMs: 0, connection }
    })
    refuseSeveral(file, frontends)
    return requests > 0
      ? { ...read, format: 'HAProxy’s HTTP log', of: 'requests', times: 'by the time at which each request began' }
      : { ...read, format: 'HAProxy’s TCP log', of: 'connections', times: 'by the time at which each was accepted' }
  },
}

/** Each frontend listens on sockets of its own. */
function refuseSeveral(file: string, frontends: ReadonlyMap<string, number>): void {
  if (frontends.size < 2) return
  const most = [...frontends].toSorted(([, a], [, b]) => b - a)
  const shown = most.slice(0, 3).map(([name, count]) => `${name} (${number(count)})`)
  throw new UsageError(
    `${file} has lines of ${number(most.length)} frontends: ${shown.join(', ')}${most.length > 3 ? ', …' : ''}`,
    `Say which one to plan for: --frontend ${most[0]?.[0]}`,
  )
}

const envoy = /^\[(\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2}))\] "([^"]*)" (?:\d{1,3}|-) /

export const envoyLog: LogFormat = {
  matches: (line) => envoy.test(line),
  read(_file, lines) {
    let requests = 0
    const read = eachLine(lines, (line): Said => {
      const [, date, request = ''] = envoy.exec(line) ?? []
      const atMs = momentMs(date)
      if (atMs === undefined) return undefined
      if (request !== '- - -') requests++
      return { atMs, tookMs: 0 }
    })
    const of = requests > 0 ? 'requests' : 'connections'
    return { ...read, format: `Envoy’s access log of ${of}`, of, times: 'by START_TIME' }
  },
}

/** A line that quotes the first line of a request behind a date, or behind a Unix time at the beginning or with a fraction. */
const quoted =
  /(?:^\[?|[\s[|,"])(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:[\d.,]+(?:Z| ?[+-]\d{2}:?\d{2})?|\d{10}\.\d{3,9}|(?<=^\[?)(?:\d{10}|\d{13}|\d{16}|\d{19}))[\]\s,|"].*"[A-Z]+ \S+ HTTP\/[\d.]+"(.*)$/

export const quotedRequests: LogFormat = {
  matches: (line) => quoted.test(line),
  read(_file, lines) {
    let withTime = 0
    const read = eachLine(lines, (line): Said => {
      const [, date, rest = ''] = quoted.exec(line) ?? []
      const atMs = momentMs(date)
      if (atMs === undefined) return undefined
      const took = named.exec(rest)?.[1]
      if (took !== undefined) withTime++
      return { atMs, tookMs: Number(took ?? 0) * 1000 }
    })
    return {
      ...read,
      format: 'log of HTTP requests in a format of its own',
      of: 'requests',
      times: withTime > 0 ? timesInWords(withTime, read) : 'with its times as they are',
    }
  },
}
