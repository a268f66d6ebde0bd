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
 * the text. Of two values with equal labels in one slice the first is shown.
 */
export async function* metricsParts(families: Iterable<MetricFamily>, format: TextFormat): AsyncGenerator<string> {
  let first = true
  for (const family of families) {
    yield (first || format === 'openmetrics' ? '' : '\n') + (await headOf(family, format))
    first = false
    let rows: Row[] = []
    for (const value of family.values) {
      addRows(rows, family, value, format)
      if (rows.length < SLICE_ROWS) continue
      yield await textOf(rows)
      rows = []
      await pause()
    }
    if (rows.length > 0) yield await textOf(rows)
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
