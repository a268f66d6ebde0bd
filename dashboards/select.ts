/** How the boards ask for a metric: filtered by every variable at the top that the metric has a label for. */
import { metrics } from '#services/exporter/catalogue.ts'

/** The variables that filter, and labels of the same names. */
const variables = ['job', 'instance', 'netns', 'port', 'shard'] as const

/** Every scrape gives these two; the others are the metric's own. */
const fromScrape: readonly string[] = ['job', 'instance']

const ownLabels = new Map<string, readonly string[]>(
  metrics.flatMap(({ name, type, labels }) =>
    (type === 'summary' ? [`${name}_sum`, `${name}_count`] : [name]).map((each) => [each, labels] as const),
  ),
)

/** A metric of the exporter, of a backend or of the load agent. `more` holds further filters. */
export function select(metric: string, more = ''): string {
  const own = ownLabels.get(metric) ?? []
  const filters = variables.filter((name) => fromScrape.includes(name) || own.includes(name)).map(chosen)
  return `${metric}{${[...filters, ...(more === '' ? [] : [more])].join(',')}}`
}

/** What may lack a label that could be chosen (an alert, a metric that k6 has written): then the choice does not hide it. */
function selectLoosely(metric: string, by: readonly (typeof variables)[number][], more = ''): string {
  return `${metric}{${[...by.map((name) => `${name}=~"$${name}|"`), ...(more === '' ? [] : [more])].join(',')}}`
}

/** What k6 measures comes by remote write, without job and instance. */
export const fromK6 = (metric: string, more = ''): string => selectLoosely(metric, ['job', 'instance'], more)

const chosen = (name: string): string => `${name}=~"$${name}"`

/** The rate of a counter, a second, over at least four scrapes. */
export const rate = (metric: string, more = ''): string => `rate(${select(metric, more)}[$__rate_interval])`

/**
 * For a number: a rate (or an increase) over minutes, and nothing as soon as the metric itself is gone: what was good before an
 * exporter stopped is no good news now.
 */
export const over = (window: string, metric: string, more = '', of: 'rate' | 'increase' = 'rate'): string =>
  `(${of}(${select(metric, more)}[${window}]) and ${select(metric, more)})`

/** The same over the shortest span that a rate can have. */
export const rateNow = (metric: string, more = ''): string => over('$__rate_interval', metric, more)

/** For a graph: the last value of at most four scrapes. So a missed scrape makes no gap, and an outage does. */
export const lately = (metric: string, more = ''): string => `last_over_time(${select(metric, more)}[$__rate_interval])`

/** What tells series apart, for `by` and `on`. */
export const identity = {
  netns: 'job, instance, netns',
  port: 'job, instance, netns, address, port',
  listener: 'job, instance, netns, address, port, shard',
  unix: 'job, instance, netns, path, shard',
} as const

/** Names of series: what differs most often comes first, and all that can differ is in it. */
export const named = {
  netns: '{{instance}} {{netns}}',
  port: ':{{port}} {{instance}} {{address}} {{netns}}',
  listener: ':{{port}} #{{shard}} {{instance}} {{address}} {{netns}}',
  unix: '{{path}} #{{shard}} {{instance}} {{netns}}',
} as const

/**
 * For lines with these names: an exporter that two jobs scrape under one instance has one line, not two of the same name.
 */
export const perInstance = (expression: string): string => `max without (job) (${expression})`

/** Length over the N + 1 that fit. */
const share = (length: string, limit: string): string => `${length} / (${limit} + 1)`

/** The fill of each accept queue, for a graph. */
export const fill = share(lately('tcp_listener_accept_queue_length'), lately('tcp_listener_accept_queue_limit'))
/** The same at this moment, for a number. */
export const fillNow = share(select('tcp_listener_accept_queue_length'), select('tcp_listener_accept_queue_limit'))

/**
 * A peak above the limit, although the queue itself is not: an earlier limit was higher, and two minutes of scrapes still know
 * it. (An exporter begins the peak anew when a limit changes; a scrape can fall in between.)
 */
const peaks = (peak: string, limit: string, fill: string): string =>
  `(${share(peak, limit)} <= 1 or ${share(peak, limit)} and ${fill} > 1 or ${share(peak, `max_over_time(${select('tcp_listener_accept_queue_limit')}[2m])`)})`

/** The highest fill within the exporter's peak window, by the limit under which it was seen. */
export const peakFill = peaks(lately('tcp_listener_accept_queue_peak'), lately('tcp_listener_accept_queue_limit'), fill)
export const peakFillNow = peaks(
  select('tcp_listener_accept_queue_peak'),
  select('tcp_listener_accept_queue_limit'),
  fillNow,
)

/** The highest of a metric in the time that the board shows, at every step the same. */
export const highest = (metric: string, more = ''): string => `max_over_time(${select(metric, more)}[$__range] @ end())`

/** What a counter gained in the time that the board shows, at every step the same. */
export const gained = (metric: string, more = ''): string => `increase(${select(metric, more)}[$__range] @ end())`

const usedMost = share(highest('tcp_listener_accept_queue_peak'), highest('tcp_listener_accept_queue_limit'))

/** Keeps the `count` listeners whose queues were fullest in the time shown; the same ones at every step. */
export const fullestListeners = (count: number, expression: string): string =>
  perInstance(`(${expression}) and on (${identity.listener}) topk(${count}, ${usedMost})`)

/** Keeps the `count` ports with the fullest accept queues, likewise. */
export const fullestPorts = (count: number, expression: string): string =>
  perInstance(`(${expression}) and on (${identity.port}) topk(${count}, max by (${identity.port}) (${usedMost}))`)

/** What Kubernetes calls a place: labels that nobody else attaches to the series of a target. */
const podLabels = 'container_id, k8s_namespace_name, k8s_pod_name, k8s_container_name'

/** Adds to each listener whose it is. */
export const withOwner = (expression: string): string =>
  `(${expression}) * on (${identity.listener}) group_left (process, pid, unit, ${podLabels}) ${select('tcp_listener_info')}`

/** Exporters that have answered in the time shown. */
const known = `last_over_time(${select('spillway_exporter_info')}[$__range] @ end())`
/** Jobs of exporters alone: every target that answers is one. So one that has not answered for long is an exporter too. */
const ofExporters = `group by (job) (${known}) unless on (job) (${select('up')} == 1 unless on (job, instance) ${known})`

/** Whether each exporter answers: 1 or 0. Other targets of a job are left out. */
export const up = `(${select('up')} and on (job, instance) ${known} or ${select('up')} and on (job) (${ofExporters}))`

/** Share of the attempts to connect that the kernel turned away; absent where nobody tried. */
const turnedAwayBy = (rateOf: (counter: string) => string): string => {
  const sum = (counter: string): string => `sum(${rateOf(counter)})`
  const drops = sum('node_netstat_TcpExt_ListenDrops')
  return `${drops} / (${drops} + ${sum('node_netstat_Tcp_PassiveOpens')} > 0)`
}
/** For a graph, and for a number. */
export const turnedAway = turnedAwayBy(rate)
export const turnedAwayNow = turnedAwayBy(rateNow)

const ourAlert = 'finding!=""'
const labelsOfAlerts = ['job', 'instance', 'netns', 'port'] as const

/** Since when our own alerts (all carry a finding) fire, in milliseconds since 1970. What an alert is not about is All. */
export const firing = `${labelsOfAlerts
  .slice(2)
  .reduce(
    (inner, label) => `label_replace(${inner}, "${label}", "All", "${label}", "")`,
    `(1000 * ${selectLoosely('ALERTS_FOR_STATE', labelsOfAlerts, ourAlert)} and ignoring (alertstate) ${selectLoosely('ALERTS', labelsOfAlerts, `${ourAlert},alertstate="firing"`)})`,
  )}`

/** Namespaces in which a SYN queue overflows: 1 each, else 0. With tcp_syncookies=2 nothing is stored, and nothing full. */
export const synOverflows = `((${rateNow('node_netstat_TcpExt_TCPReqQFullDoCookies')} + ${rateNow('node_netstat_TcpExt_TCPReqQFullDrop')} > bool 0) * on (${identity.netns}) (max by (${identity.netns}) (${select('tcp_port_syn_queue_peak')}) > bool 0))`
