/** Values as people write them on a command line: `10ms`, `2%`, `127.0.0.1:8080`. Each error names the option. */
import { isIP } from 'node:net'
import { UsageError } from './errors.ts'
import { duration } from './quantities.ts'

/** The units of a duration from long to short: how each is written, and its milliseconds. `m` alone is minutes. */
const units = [
  ['days?|d', 86_400_000],
  ['hours?|hrs?|h', 3_600_000],
  ['minutes?|mins?|m(?![a-z])', 60_000],
  ['seconds?|secs?|s', 1000],
  ['milliseconds?|millis|msecs?|ms', 1],
  ['microseconds?|micros|usecs?|us|µs|μs', 0.001],
  ['nanoseconds?|nanos|nsecs?|ns', 0.000_001],
] as const
const durationPattern = new RegExp(
  `^${units.map(([spelling]) => String.raw`(?:(\d+(?:\.\d+)?|\.\d+) ?(?:${spelling})(?: (?=\d)|(?=\d|$)))?`).join('')}$`,
)

/**
 * A duration in milliseconds from `500us`, `10ms`, `1.5s`, `2m`, `1h30m`, `90 seconds`, and from whatever `duration()` of quantities.ts
 * writes: `2 min 7 s`. A bare number is refused, since its unit is unknown.
 */
export function parseDurationMs(option: string, text: string, bounds: { min?: number; max?: number } = {}): number {
  const match = durationPattern.exec(text)
  if (match === null || text === '')
    throw new UsageError(
      `${option} '${text}' is not a duration`,
      /^\d+,\d/.test(text)
        ? `Write a point before decimals: ${text.replace(',', '.')}`
        : 'Write it with a unit: 500us, 10ms, 1.5s, 2m',
    )
  const ms = units.reduce((sum, [, size], at) => sum + Number(match[at + 1] ?? 0) * size, 0)
  return bounded(option, text, ms, bounds, duration)
}

/** A whole number within bounds. */
export function parseCount(option: string, text: string, bounds: { min?: number; max?: number } = {}): number {
  if (!/^-?\d+$/.test(text)) throw new UsageError(`${option} '${text}' is not a whole number`)
  return bounded(option, text, Number(text), { min: 0, max: Number.MAX_SAFE_INTEGER, ...bounds })
}

/** A number above zero, e.g. a rate per second. */
export function parseRate(option: string, text: string, bounds: { min?: number; max?: number } = {}): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new UsageError(`${option} '${text}' is not a number`)
  return bounded(option, text, Number(text), { min: Number.MIN_VALUE, ...bounds })
}

/** A share between 0 and 1 from `2%`, `0.5 %` or `0.02`. */
export function parseShare(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)( ?%)?$/.exec(text)
  if (match === null) throw new UsageError(`${option} '${text}' is not a share`, 'Write it as 2% or 0.02')
  const share = Number(match[1]) / (match[2] === undefined ? 1 : 100)
  if (share <= 0 || share > 1) throw new UsageError(`${option} '${text}' must be above 0 and at most 100%`)
  return share
}

/** Where a server listens: a TCP address, or a Unix socket written `unix:/path`. */
export type ListenTarget = { host: string; port: number } | { path: string }

/** Bytes of sun_path in unix(7), without the zero at its end. */
export const LONGEST_SOCKET_PATH = 107

/** `127.0.0.1:8080`, `[::1]:8080`, `:8080` (loopback) or `unix:/run/x.sock`. A name such as localhost is refused: it opens a socket per address. */
export function parseListen(option: string, text: string): ListenTarget {
  if (text.startsWith('unix:') && text.length > 'unix:'.length) {
    const path = text.slice('unix:'.length)
    if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH)
      throw new UsageError(
        `${option} '${text}' is too long: the path of a Unix socket has at most ${LONGEST_SOCKET_PATH} bytes`,
        'Choose a shorter path',
      )
    return { path }
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]*)):(\d+)$/.exec(text)
  const host = match?.[1] ?? (match?.[2] || '127.0.0.1')
  if (match === null || isIP(host) !== (match[1] === undefined ? 4 : 6))
    throw new UsageError(`${option} '${text}' is not an address`, 'Write 127.0.0.1:PORT, [::1]:PORT or unix:/path')
  return { host, port: parseCount(option, match[3]!, { max: 65_535 }) }
}

/** A name as it stands in a Host header, without the port. */
export function parseHostName(option: string, text: string): string {
  if (/^[\w-]+(\.[\w-]+)*\.?$/.test(text)) return text.replace(/\.$/, '')
  throw new UsageError(
    `${option} '${text}' is not a host name`,
    'Write the name alone: exporter.example, without port or path',
  )
}

/** How a person writes it back. */
export function formatListen(target: ListenTarget): string {
  if ('path' in target) return `unix:${target.path}`
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}

function bounded(
  option: string,
  text: string,
  value: number,
  bounds: { min?: number; max?: number },
  write: (value: number) => string = String,
): number {
  const { min = 0, max = Number.MAX_VALUE } = bounds
  if (value < min || value > max || !Number.isFinite(value)) {
    const least = min === Number.MIN_VALUE ? 'above 0' : `at least ${write(min)}`
    throw new UsageError(
      `${option} '${text}' must be ${least}${max === Number.MAX_VALUE ? '' : ` and at most ${write(max)}`}`,
    )
  }
  return value
}
