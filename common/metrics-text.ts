import { createRequire } from 'node:module'
import { setImmediate as pause } from 'node:timers/promises'
import type {
  AggregatorRegistry as Aggregator,
  OpenMetricsContentType,
  Registry as PlainRegistry,
  PrometheusContentType,
} from 'prom-client'

const require = createRequire(import.meta.url)

/**
 * Two of prom-client's own files: the whole of it loads a client of Pushgateways, and with that HTTPS and TLS, and costs a
 * process that exports nothing but text 20 MB. Its test holds that it stays so.
 */
const AggregatorRegistry: typeof Aggregator = require('prom-client/lib/cluster.js')
const Registry: typeof PlainRegistry = require('prom-client/lib/registry.js')
const { PROMETHEUS_CONTENT_TYPE: prometheusContentType, OPENMETRICS_CONTENT_TYPE: openMetricsContentType } = Registry

/** One value of a family. `suffix` is for the parts of a summary or a histogram: `_sum`, `_count`, `_bucket`. */
export interface MetricValue {
  labels: Record<string, string | number>
  value: number
  suffix?: string
  /** When this counter was 0, in milliseconds since 1970, where that moment is known. Only OpenMetrics shows it. */
  createdMs?: number | undefined
}

/** A metric whose values are kept elsewhere, as prom-client's `getMetricsAsJSON()` gives those that it keeps itself. */
export interface MetricFamily {
  name: string
  help: string
  /** `untyped` where node_exporter says so. */
  type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  values: Iterable<MetricValue>
}

/** The two text formats that Prometheus reads. */
export type TextFormat = 'prometheus' | 'openmetrics'

/** What goes into the header `content-type`, by format. */
export const contentTypes: Record<TextFormat, string> = {
  prometheus: prometheusContentType,
  openmetrics: openMetricsContentType,
}

/** What goes into the header `content-type` with `metricsText`. */
export const metricsContentType = prometheusContentType

/** Rows that are rendered at one go: some milliseconds of CPU time, in which nothing else runs. */
const SLICE_ROWS = 500
/** Rows of which it is kept what they were rendered as: of a host with a hundred pods all of them, and some megabytes at most. */
const MOST_KEPT_ROWS = 40_000

/** The Prometheus text format of values that are counted elsewhere: by the kernel, or in shared memory. */
export async function metricsText(families: Iterable<MetricFamily>): Promise<string> {
  let text = ''
  for await (const part of metricsParts(families, 'prometheus')) text += part
  return text
}

/**
 * The text piece by piece, so that ten thousand listeners do not keep a process from everything else. prom-client's own
 * counters and histograms can only count up here; its way in for plain data is the aggregation of several processes'
 * metrics, of which this is one. A family's head is rendered apart from its rows, and these by the name that each has in
 * the text. Of two values with equal labels in one slice the first is shown. Of rows that are as in the text before,
 * which `rendered` keeps, nothing is rendered again.
 */
export async function* metricsParts(
  families: Iterable<MetricFamily>,
  format: TextFormat,
  rendered?: RenderedRows,
): AsyncGenerator<string> {
  let first = true
  rendered?.begin()
  const textOfRows = (rows: Row[]): Promise<string> => rendered?.textOf(rows) ?? textOf(rows)
  for (const family of families) {
    yield (first || format === 'openmetrics' ? '' : '\n') + (await headOf(family, format))
    first = false
    let rows: Row[] = []
    for (const value of family.values) {
      addRows(rows, family, value, format)
      if (rows.length < SLICE_ROWS) continue
      yield await textOfRows(rows)
      rows = []
      await pause()
    }
    if (rows.length > 0) yield await textOfRows(rows)
  }
  if (format === 'openmetrics') yield '# EOF\n'
}

interface Row {
  labels: MetricValue['labels']
  value: number
  metricName: string
}

function addRows(rows: Row[], { name, type }: MetricFamily, row: MetricValue, format: TextFormat): void {
  const { labels, value, suffix, createdMs } = row
  if (format === 'prometheus' || type !== 'counter') {
    rows.push({ labels, value, metricName: suffix === undefined ? name : `${name}${suffix}` })
    return
  }
  // A counter's rows end in _total here, whatever the family is called; its creation belongs right behind it.
  const base = baseOf(name)
  rows.push({ labels, value, metricName: `${base}_total` })
  if (createdMs !== undefined) rows.push({ labels, value: createdMs / 1000, metricName: `${base}_created` })
}

/** In OpenMetrics the family of a counter has its name without `_total`. */
const baseOf = (name: string): string => name.replace(/_total$/, '')

const units = /_(seconds|bytes)$/

/** Heads by format and name: they are the same in every text. */
const heads = new Map<string, string>()

async function headOf(family: MetricFamily, format: TextFormat): Promise<string> {
  const key = `${format} ${family.type} ${family.name} ${family.help}`
  const head = heads.get(key) ?? (await renderedHead(family, format))
  heads.set(key, head)
  return head
}

async function renderedHead({ name, help, type }: MetricFamily, format: TextFormat): Promise<string> {
  if (format === 'prometheus') return await rendered({ name, help, type, values: [] }, prometheusContentType)
  const family = type === 'counter' ? baseOf(name) : name
  const head = await rendered(
    {
      name: family,
      // Quotation marks in a HELP have to be escaped there, which prom-client does not do.
      help: help.replaceAll('"', "'"),
      type: type === 'untyped' ? 'unknown' : type,
      values: [],
    },
    openMetricsContentType,
  )
  const [, unit] = units.exec(family) ?? []
  return `${head.replace('# EOF\n', '')}${unit === undefined ? '' : `# UNIT ${family} ${unit}\n`}`
}

/** Some rows, and what they were rendered as. */
interface Slice {
  rows: Row[]
  lines: string[]
  text: string
}

/**
 * The rows of a text, slice by slice, so that of the next text only those are rendered that differ: on most hosts hardly any
 * number changes from one scrape to the next, and to compare two rows costs a small part of what it costs to render one. For
 * one format, and for one text at a time.
 */
export class RenderedRows {
  #slices: (Slice | undefined)[] = []
  #at = 0
  #kept = 0

  /** Begins another text. */
  begin(): void {
    this.#slices.length = Math.min(this.#slices.length, this.#at)
    this.#at = this.#kept = 0
  }

  /** The text of the next slice. */
  async textOf(rows: Row[]): Promise<string> {
    const at = this.#at++
    const before = this.#slices[at]
    const changed = before === undefined ? undefined : changedRows(before.rows, rows)
    if (before === undefined || changed === undefined) {
      const text = await textOf(rows)
      const lines = linesOf(text)
      this.#kept += rows.length
      // Fewer lines than rows: two have the same labels, and which of them is shown has to be found out each time.
      this.#slices[at] =
        lines.length === rows.length && this.#kept <= MOST_KEPT_ROWS ? { rows, lines, text } : undefined
      return text
    }
    if (changed.length > 0) {
      const lines = linesOf(await textOf(changed.map((index) => rows[index]!)))
      for (const [place, index] of changed.entries()) before.lines[index] = lines[place]!
      before.text = `${before.lines.join('\n')}\n`
    }
    this.#kept += rows.length
    before.rows = rows
    return before.text
  }
}

/** The places of the rows with another value; undefined if these are other rows. */
function changedRows(before: readonly Row[], rows: readonly Row[]): number[] | undefined {
  if (before.length !== rows.length) return undefined
  const changed: number[] = []
  for (let index = 0; index < rows.length; index++) {
    const [row, other] = [rows[index]!, before[index]!]
    if (row.metricName !== other.metricName || !sameLabels(row.labels, other.labels)) return undefined
    if (!Object.is(row.value, other.value)) changed.push(index)
  }
  return changed
}

function sameLabels(a: Row['labels'], b: Row['labels']): boolean {
  let more = 0
  for (const name in a) {
    if (a[name] !== b[name]) return false
    more++
  }
  for (const _ in b) more--
  return more === 0
}

/** The lines of a text: each row is one, since a line break in a label is written as two characters. */
const linesOf = (text: string): string[] => text.slice(0, -1).split('\n')

/** Rows alone: the two lines before them say of what family they are, which `headOf` has said. */
async function textOf(rows: Row[]): Promise<string> {
  const text = await rendered({ name: 'rows', help: 'rows', type: 'untyped', values: rows }, prometheusContentType)
  return text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1)
}

interface Plain {
  name: string
  help: string
  type: MetricFamily['type'] | 'unknown'
  values: Row[]
}

function rendered(family: Plain, type: PrometheusContentType | OpenMetricsContentType): Promise<string> {
  const registry = AggregatorRegistry.aggregate<typeof type>([[{ ...family, aggregator: 'first' }]])
  registry.setContentType(type)
  return registry.metrics()
}
