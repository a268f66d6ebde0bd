/**
 * What a real exporter said while something went wrong: scraped by a real Prometheus, in a network namespace of its own,
 * in front of real servers. Each file says what was done. Made into promtool's series at any scrape interval.
 */
import fs from 'node:fs'

const folder = new URL('./incidents/', import.meta.url)

export interface Incident {
  name: string
  /** Servers, settings and clients. */
  what: string
  everySeconds: number
  scrapes: number
  /** Each metric with its labels, and one value a scrape: `_` for none, `5x3` for three times 5. */
  series: ReadonlyMap<string, readonly string[]>
}

export const incidentNames = (): string[] =>
  fs
    .readdirSync(folder)
    .map((file) => file.replace(/\.json$/, ''))
    .sort()

export function readIncident(name: string): Incident {
  const { series, ...rest }: Omit<Incident, 'name' | 'series'> & { series: Record<string, string> } = JSON.parse(
    fs.readFileSync(new URL(`${name}.json`, folder), 'utf8'),
  )
  const unrolled = Object.entries(series).map(([key, values]) => [key, unroll(values)] as const)
  for (const [key, values] of unrolled)
    if (values.length !== rest.scrapes)
      throw new Error(`${name}: ${key} has ${values.length} values for ${rest.scrapes} scrapes`)
  return { name, ...rest, series: new Map(unrolled) }
}

const unroll = (values: string): string[] =>
  values.split(' ').flatMap((token) => {
    const [value = '', times = '1'] = token.split('x')
    return Array.from({ length: Number(times) }, () => value)
  })

const isCounter = (series: string): boolean => /^(\w+_total|node_netstat_(?!Tcp_CurrEstab)\w+)\{/.test(series)

/** As often as it lasts that long: counters go on from where they were. */
export function again({ series, everySeconds, scrapes }: Incident, lastsSeconds: number): (readonly string[])[] {
  const laps = Math.ceil(lastsSeconds / (everySeconds * scrapes))
  return [...series].map(([key, values]) =>
    laps < 2
      ? values
      : Array.from({ length: laps }, (_, lap) => (isCounter(key) ? raised(rising(values), lap) : values)).flat(),
  )
}

/** Once, between a long time as it was at first and a long time as it was at last. */
export const once = ({ series, everySeconds }: Incident, beforeSeconds: number, afterSeconds: number): string[][] =>
  [...series.values()].map((values) => [
    ...held(values[0]!, beforeSeconds / everySeconds),
    ...values,
    ...held(values.at(-1)!, afterSeconds / everySeconds),
  ])

const held = (value: string, times: number): string[] => Array.from({ length: Math.ceil(times) }, () => value)

/** A counter that starts anew, as with a new process, goes on from where it was. */
function rising(values: readonly string[]): string[] {
  let before = 0
  let raisedBy = 0
  return values.map((value) => {
    if (value === '_') return value
    const now = Number(value)
    if (now < before) raisedBy += before
    before = now
    return String(round(now + raisedBy))
  })
}

function raised(values: readonly string[], lap: number): string[] {
  const known = values.filter((value) => value !== '_').map(Number)
  const gain = (known.at(-1) ?? 0) - (known[0] ?? 0)
  return values.map((value) => (value === '_' ? value : String(round(Number(value) + lap * gain))))
}

const round = (value: number): number => Math.round(value * 1000) / 1000

/** In promtool's notation, as one scrape every so many seconds sees it; what ends is marked as stale. */
export function scraped(values: readonly string[], everySeconds: number, intervalSeconds: number): string {
  const step = intervalSeconds / everySeconds
  const seen = values.filter((_, index) => index % step === 0)
  return seen.map((value, index) => (value === '_' && index > 0 && seen[index - 1] !== '_' ? 'stale' : value)).join(' ')
}
