/** What a Prometheus that scrapes our exporters has kept of listeners, as recordings that findings are made from. */
import type { ListenerRecording, PortRecording, Readings, WaitBucket } from '#findings/recording/recorded.ts'
import { serverOf } from '#findings/servers/recognise.ts'
import type { Prometheus, Series, Value } from '#planner/inputs/prometheus.ts'
import { limitSetBy } from './set-by.ts'

/** Up to here every scrape is read; of more time, so many points. */
const ALL_SCRAPES_MS = 6 * 3_600_000
const MOST_POINTS = 5000
/** Of so many ports every reading is asked for: those that dropped most. */
const MOST_PORTS = 64
/** From here on it may be tight. */
const NEARLY_FULL = 0.7

/** One listening socket over the whole time, in few numbers. */
export interface ListenerOverview {
  labels: Readonly<Record<string, string>>
  process: string | undefined
  limit: number
  /** Undefined where nothing was sampled. */
  peak: number | undefined
  drops: number | undefined
  fullSeconds: number | undefined
  /** For how much of the time it was scraped, about. */
  seenSeconds: number | undefined
}

export interface Recordings {
  listeners: ListenerOverview[]
  /** The ports at which something may have been wrong. */
  ports: PortRecording[]
  /** Ports of that kind beyond those that were read. */
  leftOut: number
}

const LISTENER = ['instance', 'netns', 'address', 'port', 'shard'] as const
const PORT = ['instance', 'netns', 'address', 'port'] as const
const NAMESPACE = ['instance', 'netns'] as const
const SEEN_STEP_S = 30
/** Bounds of the waits that are asked for: each is a series of each listener, and shorter ones decide nothing. */
const WAIT_BOUNDS_S = [0.01, 0.1, 0.5, 1, 2.5, 5, 10] as const

type Labels = Readonly<Record<string, string>>
const keyOf = (labels: Labels, same: readonly string[]): string => same.map((label) => labels[label] ?? '').join('|')

/** Throws a UsageError where no Prometheus answers; empty where it has no metrics of ours. */
export async function recordingsOf(prometheus: Prometheus, rangeMs: number): Promise<Recordings> {
  const range = `${Math.round(rangeMs / 1000)}s`
  const [limits, peaks, drops, full, info, seen, ever] = await Promise.all(
    [
      `last_over_time(tcp_listener_accept_queue_limit[${range}])`,
      `max_over_time(tcp_listener_accept_queue_peak[${range}])`,
      `increase(tcp_listener_drops_total[${range}])`,
      `increase(tcp_listener_accept_queue_at_least_seconds_total{fill="1"}[${range}])`,
      `last_over_time(tcp_listener_info[${range}])`,
      `count_over_time(tcp_listener_accept_queue_limit[${range}:${SEEN_STEP_S}s]) * ${SEEN_STEP_S}`,
      `max_over_time(tcp_listener_drops_total[${range}])`,
    ].map(async (query) => byKey(await prometheus.now(query))),
  )
  const listeners = [...limits!.values()].map(({ labels, value }): ListenerOverview => {
    const find = (values: Map<string, Value> | undefined): number | undefined =>
      known(values?.get(keyOf(labels, LISTENER))?.value)
    return {
      labels,
      process: info?.get(keyOf(labels, LISTENER))?.labels.process || undefined,
      limit: value,
      peak: find(peaks),
      drops: find(drops),
      fullSeconds: find(full),
      seenSeconds: find(seen),
    }
  })
  // increase() does not see the first value of a series that begins with it.
  const dropped = (labels: Labels): number => known(ever?.get(keyOf(labels, LISTENER))?.value) ?? 0
  const suspects = listeners.filter(
    ({ labels, peak = 0, limit, fullSeconds = 0 }) =>
      dropped(labels) > 0 || fullSeconds > 0 || peak > NEARLY_FULL * (limit + 1),
  )
  const groups = [...Map.groupBy(suspects, ({ labels }) => keyOf(labels, PORT)).values()].toSorted(
    (a, b) => total(b) - total(a),
  )
  const chosen = new Set(groups.slice(0, MOST_PORTS).map(([first]) => keyOf(first!.labels, PORT)))
  const ports =
    chosen.size === 0
      ? []
      : await portsOf(
          prometheus,
          rangeMs,
          listeners.filter(({ labels }) => chosen.has(keyOf(labels, PORT))),
          (labels) =>
            !listeners.some(
              (other) =>
                keyOf(other.labels, NAMESPACE) === keyOf(labels, NAMESPACE) &&
                keyOf(other.labels, PORT) !== keyOf(labels, PORT) &&
                dropped(other.labels) > 0,
            ),
        )
  return { listeners, ports, leftOut: Math.max(0, groups.length - MOST_PORTS) }
}

const total = (group: readonly ListenerOverview[]): number =>
  group.reduce((sum, { drops = 0, fullSeconds = 0 }) => sum + drops + fullSeconds, 0)

/** A quotient of nothing by nothing is NaN, and says nothing. */
const known = (value: number | undefined): number | undefined =>
  value === undefined || !Number.isFinite(value) ? undefined : value

const byKey = (values: readonly Value[]): Map<string, Value> =>
  new Map(values.map((value) => [keyOf(value.labels, LISTENER), value]))

async function portsOf(
  prometheus: Prometheus,
  rangeMs: number,
  listeners: readonly ListenerOverview[],
  isAlone: (labels: Labels) => boolean,
): Promise<PortRecording[]> {
  const matching = (label: string): string =>
    `${label}=~${JSON.stringify([...new Set(listeners.map(({ labels }) => quoted(labels[label] ?? '')))].join('|'))}`
  const ofPorts = [matching('instance'), matching('port')].join(',')
  const ofHosts = matching('instance')
  const read = async (metric: string, labels: string, same: readonly string[]): Promise<(like: Labels) => Readings> => {
    const selector = `${metric}{${labels}}`
    const series =
      rangeMs <= ALL_SCRAPES_MS
        ? await prometheus.samples(selector, rangeMs)
        : await prometheus.range(selector, rangeMs, Math.ceil(rangeMs / MOST_POINTS / 1000) * 1000)
    const found = Map.groupBy(series, (one) => keyOf(one.labels, same))
    return (like) => summed(found.get(keyOf(like, same)) ?? [])
  }
  const waitsUpTo = async (bound: string): Promise<(like: Labels) => Readings> =>
    read('tcp_listener_accept_wait_seconds_bucket', `${ofPorts},le=~${JSON.stringify(bound)}`, LISTENER)
  const gone = 'client!="open"'
  const [limit, length, peak, full, drops, acceptors, wait, hungUp, opens, overflows, listenDrops, synFull, somaxconn] =
    await Promise.all([
      read('tcp_listener_accept_queue_limit', ofPorts, LISTENER),
      read('tcp_listener_accept_queue_length', ofPorts, LISTENER),
      read('tcp_listener_accept_queue_peak', ofPorts, LISTENER),
      read('tcp_listener_accept_queue_at_least_seconds_total', `${ofPorts},fill="1"`, LISTENER),
      read('tcp_listener_drops_total', ofPorts, LISTENER),
      read('tcp_listener_acceptors', ofPorts, LISTENER),
      read('tcp_port_accept_wait_oldest_seconds', ofPorts, PORT),
      read('tcp_port_accept_queue_connections', `${ofPorts},${gone}`, PORT),
      read('node_netstat_Tcp_PassiveOpens', ofHosts, NAMESPACE),
      read('node_netstat_TcpExt_ListenOverflows', ofHosts, NAMESPACE),
      read('node_netstat_TcpExt_ListenDrops', ofHosts, NAMESPACE),
      read('node_netstat_TcpExt_TCPReqQFullDrop', ofHosts, NAMESPACE),
      read('node_sysctl_net_core_somaxconn', ofHosts, NAMESPACE),
    ])
  const [ownWait, timesFull] = await Promise.all([
    read('tcp_listener_oldest_wait_seconds', ofPorts, LISTENER),
    read('tcp_listener_accept_queue_full_total', ofPorts, LISTENER),
  ])
  const all = await waitsUpTo(quoted('+Inf'))
  // Where nothing is measured at accept() there is nothing more to ask for.
  const isMeasured = listeners.some(({ labels }) => all(labels).length > 0)
  const upTo = await Promise.all(
    (isMeasured ? WAIT_BOUNDS_S : []).map(async (upToSeconds) => ({
      upToSeconds,
      // Prometheus 3 writes a whole number as 1.0.
      count: await waitsUpTo(`${quoted(String(upToSeconds))}(\\.0)?`),
    })),
  )
  const bucketsOf = (own: Labels): WaitBucket[] => {
    const count = all(own)
    return count.length === 0
      ? []
      : [
          ...upTo.map((bucket) => ({ upToSeconds: bucket.upToSeconds, count: bucket.count(own) })),
          { upToSeconds: Number.POSITIVE_INFINITY, count },
        ]
  }
  return [...Map.groupBy(listeners, ({ labels }) => keyOf(labels, PORT)).values()].map((group): PortRecording => {
    const { labels } = group[0]!
    const largestAllowed = somaxconn(labels).at(-1)?.value
    return {
      shards: group
        .toSorted((a, b) => Number(a.labels.shard) - Number(b.labels.shard))
        .map(({ labels: own, process, limit: now }): ListenerRecording => {
          const server = process === undefined ? undefined : serverOf([{ command: process, commandLine: '' }])
          return {
            netns: own.netns ?? '',
            own: false,
            host: own.instance ?? '',
            address: own.address ?? '',
            port: Number(own.port),
            shard: Number(own.shard),
            server,
            who: server === undefined || server.name === 'Go' ? process : server.name,
            activated: false,
            setBy: limitSetBy(now, server, [], largestAllowed),
            limit: now,
            limits: limit(own),
            length: length(own),
            peak: peak(own),
            fullSeconds: full(own),
            drops: drops(own),
            acceptors: acceptors(own),
            oldestWaitSeconds: ownWait(own),
            timesFull: timesFull(own),
            waits: bucketsOf(own),
          }
        }),
      oldestWaitSeconds: wait(labels),
      hungUp: hungUp(labels),
      counters: {
        opens: opens(labels),
        overflows: overflows(labels),
        listenDrops: listenDrops(labels),
        synQueueFull: synFull(labels),
      },
      alone: isAlone(labels),
      somaxconn: largestAllowed,
    }
  })
}

/** Literally, in a regular expression of Prometheus. */
const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Series that differ in what is not asked about are added up, reading by reading. */
function summed(series: readonly Series[]): Readings {
  const [first, ...others] = series
  if (first === undefined) return []
  if (others.length === 0) return first.values
  const sums = new Map<number, number>()
  for (const { values } of series)
    for (const { atSeconds, value } of values) sums.set(atSeconds, (sums.get(atSeconds) ?? 0) + value)
  return [...sums].map(([atSeconds, value]) => ({ atSeconds, value })).sort((a, b) => a.atSeconds - b.atSeconds)
}
