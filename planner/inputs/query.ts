/** What the values of a PromQL query are: connections per second, connections of a window, or a counter as it stands. */

/** `shorterMs` is the window of a rate: what is shorter does not show in it. */
export type Gives =
  | { as: 'rate'; windowMs: number | undefined }
  | { as: 'increase'; windowMs: number }
  | { as: 'counter'; selector: string; summed: boolean }
  /** Why nobody can tell: the middle of a sentence. */
  | { as: 'unknown'; why: string }

/** What a Prometheus knows beside its series. */
export interface Knows {
  kindOf(metric: string): Promise<string | undefined>
  recordingRule(name: string): Promise<string | undefined>
}

const unitsMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `1m`, `1h30m`, of PromQL. */
function windowMs(text: string): number {
  return [...text.matchAll(/(\d+)(ms|[smhdw])/g)].reduce((sum, [, n, unit = '']) => sum + Number(n) * unitsMs[unit]!, 0)
}

/** Rules may be made of rules. */
const DEEPEST = 4

/** Reads a query, and asks about what it names. */
export async function meaningOf(query: string, knows: Knows, depth = 0): Promise<Gives> {
  const plain = plainOf(query)
  return ofFunctions(plain) ?? (await ofMetrics(query.trim(), plain, knows, depth))
}

/** What a query gives as far as its words alone say so; undefined where only the server could tell, or it is no query. */
export function saidByWords(query: string): Gives | undefined {
  const plain = plainOf(query)
  const functions = ofFunctions(plain)
  if (functions !== undefined) return functions
  const { metric, inner } = metricOf(query.trim(), plain)
  if (metric === undefined) return undefined
  if (isCountersName(metric)) return { as: 'counter', selector: inner, summed: summed.test(plain) }
  return ofName(metric)
}

/** Without comments, and with nothing in its texts. */
const plainOf = (query: string): string =>
  query
    .replaceAll(/#.*$/gm, '')
    .replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""')
    .trim()

/** What functions of time in a query say; undefined where there are none. */
function ofFunctions(plain: string): Gives | undefined {
  const functions = new Set([...plain.matchAll(/([a-z_]\w*)\s*\(/gi)].map(([, name]) => name))
  const [rate, increase] = [['rate', 'irate', 'deriv'].some((name) => functions.has(name)), functions.has('increase')]
  const other = [...functions].find((name) => name !== undefined && ofAnotherKind.has(name))
  if (other !== undefined && (rate || increase)) return { as: 'unknown', why: `takes ${other}() of a rate` }
  const measured = /[a-z_:][\w:]*_(?:(?:bytes|octets)(?:_total)?|seconds_(?:sum|total)|bucket)(?!\w)/i.exec(plain)?.[0]
  if (measured !== undefined && (rate || increase))
    return { as: 'unknown', why: `is about ${measured}, which does not count connections` }
  if ((rate || increase) && /\/\s*(?![\d\s])/.test(plain))
    return { as: 'unknown', why: 'divides one quantity by another' }
  const scaled = scalesOf(plain)
  if (rate && increase) return { as: 'unknown', why: 'mixes rate() and increase()' }
  if (functions.has('delta') || functions.has('idelta'))
    return { as: 'unknown', why: 'takes differences of a gauge with delta()' }
  const windows = [...plain.matchAll(/\[\s*((?:\d+(?:ms|[smhdw]))+)\s*\]/g)].map(([, window = '']) => windowMs(window))
  if (increase) {
    const [window, ...others] = new Set(windows)
    if (window === undefined || others.length > 0)
      return { as: 'unknown', why: 'takes increase() over windows of several lengths' }
    if (scaled.length === 0) return { as: 'increase', windowMs: window }
    if (scaled.length === 1 && scaled[0]?.by === '/' && scaled[0].factor === window / 1000)
      return { as: 'rate', windowMs: window }
    return { as: 'unknown', why: `multiplies or divides increase() (${scaledInWords(scaled)})` }
  }
  if (!rate) return undefined
  if (scaled.some(({ factor }) => ofTime.has(factor)))
    return { as: 'unknown', why: `multiplies or divides a rate by a number of seconds (${scaledInWords(scaled)})` }
  return { as: 'rate', windowMs: windows.length === 0 ? undefined : Math.max(...windows) }
}

/** What these give of a rate is a time, a number of series, or a measure of spread: no rate any more. */
const ofAnotherKind = new Set([
  'histogram_quantile',
  'histogram_avg',
  'count',
  'count_values',
  'group',
  'stddev',
  'stdvar',
  'absent',
  'changes',
  'resets',
  'timestamp',
  'ln',
  'log2',
  'log10',
  'sqrt',
  'exp',
])

/** Seconds of a minute, an hour and a day, and milliseconds of a second. */
const ofTime = new Set([60, 3600, 86_400, 1000])

interface Scale {
  by: string
  factor: number
}

/** Numbers by which a query multiplies or divides. */
const scalesOf = (plain: string): Scale[] => [
  ...[...plain.matchAll(/([*/])\s*(\d+(?:\.\d+)?)(?![\w.])/g)].map(([, by = '', factor]) => ({
    by,
    factor: Number(factor),
  })),
  ...[...plain.matchAll(/(?<![\w.])(\d+(?:\.\d+)?)\s*\*/g)].map(([, factor]) => ({ by: '*', factor: Number(factor) })),
]

const scaledInWords = (scales: readonly Scale[]): string => scales.map(({ by, factor }) => `${by} ${factor}`).join(', ')

const NAME = String.raw`[a-zA-Z_:][\w:]*`
const grouping = String.raw`(?:(?:by|without)\s*\([^)]*\)\s*)?`
const summed = new RegExp(String.raw`^sum\s*${grouping}\(\s*([\s\S]*?)\s*\)\s*${grouping}$`)
const selector = new RegExp(String.raw`^(?:(${NAME})\s*(\{[^}]*\})?|\{[^}]*\})$`)

/** The metric that a query without functions names, alone or within sum(); `inner` is its selector. */
function metricOf(query: string, plain: string): { metric: string | undefined; inner: string } {
  const inner = summed.exec(query)?.[1]?.trim() ?? query
  const bare = (summed.exec(plain)?.[1]?.trim() ?? plain).trim()
  return { metric: selector.exec(bare)?.[1], inner }
}

/** A query without functions of time: what it gives is what its metric is. */
async function ofMetrics(query: string, plain: string, knows: Knows, depth: number): Promise<Gives> {
  const { metric, inner } = metricOf(query, plain)
  if (metric === undefined) return { as: 'unknown', why: 'has neither rate() nor increase()' }
  const rule = depth < DEEPEST ? await knows.recordingRule(metric) : undefined
  if (rule !== undefined) {
    const within = await meaningOf(rule, knows, depth + 1)
    // What a rule records of a counter is a counter of its own name.
    if (within.as === 'counter') return { as: 'counter', selector: inner, summed: summed.test(plain) }
    return within
  }
  const named = ofName(metric)
  if (named !== undefined) return named
  const kind = await knows.kindOf(metric)
  if (kind === 'counter' || (kind !== 'gauge' && isCountersName(metric)))
    return { as: 'counter', selector: inner, summed: summed.test(plain) }
  return {
    as: 'unknown',
    why:
      kind === undefined ? `names ${metric}, of which the server tells no kind` : `names ${metric}, which is a ${kind}`,
  }
}

/** Recording rules are named LEVEL:METRIC:OPERATIONS; the last operation says what they give. */
function ofName(metric: string): Gives | undefined {
  const operations = metric.split(':').slice(2).at(-1) ?? ''
  const [, operation, window = ''] = /(?:^|_)(rate|irate|increase)((?:\d+(?:ms|[smhdw]))*)$/.exec(operations) ?? []
  if (operation === undefined) return undefined
  if (operation !== 'increase') return { as: 'rate', windowMs: window === '' ? undefined : windowMs(window) }
  return window === '' ? undefined : { as: 'increase', windowMs: windowMs(window) }
}

/** By OpenMetrics, or one of /proc/net/snmp and /proc/net/netstat, which node_exporter gives no type. */
const isCountersName = (metric: string): boolean =>
  /_(?:total|count)$/.test(metric) || /^node_netstat_(?:Tcp_(?!CurrEstab)|TcpExt_)/.test(metric)
