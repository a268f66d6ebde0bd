/** What a Prometheus that scrapes our exporters knows of the listeners of its hosts, as evidence: over a range, and now. */

import { UsageError } from '#common/errors.ts'
import type { HostEvidence, NamespaceEvidence, QueueEvidence } from '#findings/host/evidence.ts'
import { totalsOf } from '#findings/recording/spells.ts'
import { serverOf } from '#findings/servers/recognise.ts'
import type { Prometheus, Value } from '#planner/inputs/prometheus.ts'
import { recordingsOf } from './recordings.ts'
import { limitSetBy } from './set-by.ts'

/** The two looks: long enough for a scrape between them. */
const APART_S = 30
/** For what goes on now: two scrapes of any usual interval. */
const NOW = '2m'
const counters = ['ListenOverflows', 'ListenDrops', 'TCPReqQFullDoCookies', 'TCPReqQFullDrop'] as const
const settings = {
  'net.core.somaxconn': 'node_sysctl_net_core_somaxconn',
  'net.ipv4.tcp_syncookies': 'node_sysctl_net_ipv4_tcp_syncookies',
  'net.ipv4.tcp_max_syn_backlog': 'node_sysctl_net_ipv4_tcp_max_syn_backlog',
} as const

type Find = (like: Value, same?: readonly string[]) => number | undefined

const LISTENER = ['instance', 'netns', 'address', 'port', 'shard'] as const
const PORT = ['instance', 'netns', 'address', 'port'] as const
const NAMESPACE = ['instance', 'netns'] as const

/** The names of a pod, as the labels have them; undefined outside pods. */
const podNameIn = (labels: Value['labels']): QueueEvidence['kubernetes'] => {
  const { k8s_namespace_name: namespace, k8s_pod_name: pod, k8s_container_name: container = '' } = labels
  return namespace === undefined || pod === undefined ? undefined : { namespace, pod, container }
}

const keyOf = ({ labels }: Value, same: readonly string[]): string => same.map((label) => labels[label] ?? '').join('|')

/** Throws a UsageError where no Prometheus answers, or it has no metrics of ours. */
export async function evidenceOfPrometheus(prometheus: Prometheus, rangeMs: number): Promise<HostEvidence> {
  const range = `${Math.round(rangeMs / 1000)}s`
  const ask = async (query: string, same: readonly string[]): Promise<Find> => {
    const found = new Map((await prometheus.now(query)).map((value) => [keyOf(value, same), value.value]))
    return (like) => {
      const value = found.get(keyOf(like, same))
      return value === undefined || !Number.isFinite(value) ? undefined : value
    }
  }
  const known = await prometheus.now('tcp_listener_accept_queue_limit')
  if (known.length === 0)
    throw new UsageError(
      `The Prometheus at ${prometheus} knows no listeners`,
      'Have it scrape spillway exporter: docs/exporter.md',
    )
  const [length, before, drops, dropRate, acceptors, wait, waitBefore, unserved, unservedAge, hidden, info] =
    await Promise.all([
      ask('tcp_listener_accept_queue_length', LISTENER),
      ask(`tcp_listener_accept_queue_length offset ${APART_S}s`, LISTENER),
      ask(`increase(tcp_listener_drops_total[${range}])`, LISTENER),
      ask(`rate(tcp_listener_drops_total[${NOW}])`, LISTENER),
      ask('tcp_listener_acceptors', LISTENER),
      ask('tcp_port_accept_wait_oldest_seconds', PORT),
      ask(`tcp_port_accept_wait_oldest_seconds offset ${APART_S}s`, PORT),
      ask('tcp_port_unserved_connections', PORT),
      ask('tcp_port_unserved_oldest_seconds', PORT),
      ask('spillway_owner_search_hidden_processes', ['instance']),
      prometheus.now('tcp_listener_info'),
    ])
  const { ports: recordings } = await recordingsOf(prometheus, rangeMs)
  const exact = new Map(
    recordings.flatMap(({ shards }) =>
      shards.map((one) => [[one.host, one.netns, one.address, one.port, one.shard].join('|'), totalsOf(one).drops]),
    ),
  )
  const counted = await Promise.all(
    counters.map(async (name) => ({
      name: `TcpExt_${name}`,
      sum: await ask(`increase(node_netstat_TcpExt_${name}[${range}])`, NAMESPACE),
      rate: await ask(`rate(node_netstat_TcpExt_${name}[${NOW}])`, NAMESPACE),
    })),
  )
  const set = await Promise.all(
    Object.entries(settings).map(async ([name, metric]) => ({ name, value: await ask(metric, NAMESPACE) })),
  )
  // What has no length now is not known now: it must not pass for an empty queue.
  const limits = known.filter((value) => length(value) !== undefined)
  const identities = new Map(info.map((value) => [keyOf(value, LISTENER), value.labels]))
  const shards = Map.groupBy(limits, (value) => keyOf(value, PORT))

  const queueOf = (
    value: Value,
    place: Pick<QueueEvidence, 'netns' | 'own' | 'host'>,
    somaxconn: number | undefined,
  ): QueueEvidence => {
    const { address = '', port = '', shard = '' } = value.labels
    const labels = identities.get(keyOf(value, LISTENER)) ?? {}
    const { process = '', unit = '', container_id: container = '', k8s_pod_uid: pod = '' } = labels
    const server = process === '' ? undefined : serverOf([{ command: process, commandLine: '' }])
    const waiting = acceptors(value)
    const notSeen = hidden(value) ?? 0
    const notServed = unserved(value)
    return {
      ...place,
      address,
      port: Number(port),
      mptcp: labels.protocol === 'mptcp',
      shard: Number(shard),
      shards: shards.get(keyOf(value, PORT))?.length ?? 1,
      server,
      who: server === undefined || server.name === 'Go' ? process || undefined : server.name,
      overMs: rangeMs,
      activated: false,
      ...{ unit, container, pod, kubernetes: podNameIn(labels) },
      // Metrics do not tell what processes do.
      processes: [],
      acceptors: waiting === 0 ? [] : undefined,
      unseen: waiting === 0 && notSeen > 0 ? { processes: notSeen, related: [] } : undefined,
      length: length(value) ?? 0,
      lengthBefore: before(value),
      limit: value.value,
      setBy: limitSetBy(value.value, server, [], somaxconn),
      // increase() extrapolates to the ends of its range: a count need not be whole.
      drops: exact.get(keyOf(value, LISTENER)) ?? Math.round(drops(value) ?? 0),
      dropsPerSecond: dropRate(value),
      oldestWaitMs: inMs(wait(value)),
      oldestWaitBeforeMs: inMs(waitBefore(value)),
      hungUp: undefined,
      accepted: undefined,
      acceptedBefore: undefined,
      closedFirst: undefined,
      unserved:
        notServed === undefined ? undefined : { connections: notServed, oldestMs: inMs(unservedAge(value)) ?? 0 },
      synQueue: undefined,
    }
  }

  const namespaces = [...Map.groupBy(limits, (value) => keyOf(value, NAMESPACE)).values()].map(
    (values): NamespaceEvidence => {
      const [first] = values
      const { instance = '', netns = '' } = first?.labels ?? {}
      const place = { netns, own: false, host: instance }
      const numbers = (of: { name: string; value: number | undefined }[]): Record<string, number> =>
        Object.fromEntries(of.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])))
      const settled = numbers(set.map(({ name, value }) => ({ name, value: first && value(first) })))
      const now = numbers(counted.map(({ name, sum }) => ({ name, value: first && rounded(sum(first)) })))
      const then = numbers(
        counted.map(({ name, rate }) => ({ name, value: (now[name] ?? 0) - ((first && rate(first)) ?? 0) * APART_S })),
      )
      return {
        ...place,
        counters: now,
        countersBefore: then,
        settings: settled,
        conntrack: undefined,
        destinations: [],
        sourcePorts: undefined,
        queues: values.map((value) => queueOf(value, place, settled['net.core.somaxconn'])),
        udp: [],
      }
    },
  )
  const machine = { softnet: undefined, backlogPackets: undefined, tcpMemory: undefined }
  return {
    apartMs: APART_S * 1000,
    overMs: rangeMs,
    namespaces,
    recordings,
    machine: { ...machine, uptimeMs: rangeMs },
    hidden: 0,
  }
}

const inMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000)
const rounded = (value: number | undefined): number | undefined => (value === undefined ? undefined : Math.round(value))
