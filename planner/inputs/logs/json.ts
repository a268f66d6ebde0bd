/** Logs with a JSON object on each line: of nginx, Caddy, Traefik, Envoy, and of pino, bunyan, zap and their kind. */
import { UsageError } from '#common/errors.ts'
import { momentMs } from './dates.ts'
import { type Entry, eachLine, type LogFormat, type Said } from './format.ts'

type Fields = Readonly<Record<string, unknown>>

/** When a request began, and else when its line was written. Traefik has both. */
const starts = ['StartUTC', 'StartLocal', 'start_time', 'startTime', 'started_at', 'startedAt']
const writes = [
  'msec', // of nginx, finer than what stands beside it
  '@timestamp',
  'ts',
  'time',
  'timestamp',
  'time_local',
  'time_iso8601',
  'asctime', // of Python's logging
  't',
  'datetime',
  'date',
  'Time',
  'Timestamp',
]

/** What only the line of a request that has ended has. */
const ended = [
  'status',
  'status_code',
  'statusCode',
  'response_code',
  'DownstreamStatus',
  'OriginStatus',
  'res',
  'responseTime',
  'response',
]

/** Durations whose unit the logger fixes: nginx, pino-http. */
const known: Record<string, number> = { request_time: 1000, responseTime: 1 }
const durationKey = /^(?:duration|latency|elapsed|took|response_?time|request_?time|time_?taken)_?(?:human)?/i
const suffixes: [RegExp, number][] = [
  [/(?:_ms|Ms|_millis|Millis)$/, 1],
  [/(?:_us|Us|_micros|Micros)$/, 1e-3],
  [/(?:_ns|Ns|_nanos|Nanos)$/, 1e-6],
  [/(?:_s|_sec|_secs|_seconds|Seconds)$/, 1000],
]
const inText: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

export const jsonLog: LogFormat = {
  matches: (line) => fieldsOf(line) !== undefined,
  read(file, lines) {
    const keys = new Map<string, number>()
    let [withTime, hasEnd, requests] = [0, false, false]
    const ends = new Set<Entry>()
    const read = eachLine(lines, (line): Said => {
      const fields = fieldsOf(line)
      if (fields === undefined) return undefined
      const found = momentOf(fields)
      if (found === undefined) return undefined
      const end = ended.some((key) => fields[key] !== undefined)
      hasEnd ||= end
      requests ||= end || fields.request !== undefined || fields.req !== undefined || fields.method !== undefined
      keys.set(found.key, (keys.get(found.key) ?? 0) + 1)
      const took = starts.includes(found.key) ? undefined : durationMsOf(fields)
      if (took !== undefined) withTime++
      const entry = { atMs: found.ms, tookMs: took ?? 0, ...connectionOf(fields) }
      if (end) ends.add(entry)
      return entry
    })
    const { entries } = read
    if (entries.length === 0)
      throw new UsageError(
        `${file}: no line has a time that can be read, under ${writes.slice(0, 5).join(', ')} or ${starts.slice(0, 3).join(', ')}`,
        'Write it as a date, such as 2026-11-22T10:20:30.4Z, or as a Unix time',
      )
    const taken = hasEnd ? entries.filter((entry) => ends.has(entry)) : entries
    const others = entries.length - taken.length
    if (others > 0) read.leftOut.set('events without the status of a request', others)
    const key = [...keys].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? ''
    const times = starts.includes(key)
      ? `by the beginning in \`${key}\``
      : withTime > 0
        ? `each taken to have begun its duration before its \`${key}\`${withTime < entries.length && !hasEnd ? ' where the line says so' : ''}`
        : `with its times (\`${key}\`) as they are${requests ? ', which is when a request ended' : ''}`
    return {
      ...read,
      entries: taken,
      format: requests ? 'log of requests in JSON' : 'log in JSON, each line taken as one arrival',
      of: requests ? 'requests' : 'lines',
      times,
    }
  },
}

function fieldsOf(line: string): Fields | undefined {
  const begin = line.indexOf('{')
  // Docker and syslog put their own words before the object.
  if (begin === -1 || !line.trimEnd().endsWith('}')) return undefined
  try {
    const value: unknown = JSON.parse(line.slice(begin))
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function momentOf(fields: Fields): { key: string; ms: number } | undefined {
  for (const key of [...starts, ...writes]) {
    const ms = momentMs(fields[key])
    if (ms !== undefined) return { key, ms }
  }
  return undefined
}

function durationMsOf(fields: Fields): number | undefined {
  for (const [key, size] of Object.entries(known)) {
    const value = Number(fields[key] ?? Number.NaN)
    if (Number.isFinite(value)) return value * size
  }
  // Others write a bare number too, in a unit of their own.
  const isCaddys = fields.msg === 'handled request' && isFields(fields.request)
  if (isCaddys && typeof fields.duration === 'number') return fields.duration * 1000
  if (fields.DownstreamStatus !== undefined && typeof fields.Duration === 'number') return fields.Duration * 1e-6
  for (const [key, value] of Object.entries(fields)) {
    if (!durationKey.test(key)) continue
    if (typeof value === 'string') {
      const ms = textMs(value)
      if (ms !== undefined) return ms
    }
    const size = suffixes.find(([suffix]) => suffix.test(key))?.[1]
    if (size !== undefined && Number.isFinite(Number(value))) return Number(value) * size
  }
  return undefined
}

/** `1.2ms`, `1m2.5s`: as Go writes durations. */
function textMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/g)
  return [...parts].reduce((sum, [, value, unit = '']) => sum + Number(value) * (inText[unit] ?? 0), 0)
}

/** nginx counts the requests of each connection; others tell the client's port. */
function connectionOf(fields: Fields): Pick<Entry, 'connection' | 'first'> {
  const requests = Number(fields.connection_requests ?? Number.NaN)
  const first = Number.isInteger(requests) ? { first: requests === 1 } : {}
  const within = [fields.request, fields.req, fields].filter(isFields)
  for (const one of within) {
    const port = one.remote_port ?? one.remotePort ?? one.ClientPort ?? one.client_port
    const host = one.remote_ip ?? one.remoteAddress ?? one.ClientHost ?? one.remote_addr ?? one.client_ip ?? ''
    if (port !== undefined) return { connection: `${host}:${port}`, ...first }
  }
  const own = fields.connection ?? fields.connection_id
  return own === undefined || isFields(own) ? first : { connection: String(own), ...first }
}
