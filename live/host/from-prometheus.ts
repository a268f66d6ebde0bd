/** What a Prometheus that scrapes our exporters knows of the sockets of its hosts, as evidence: over a range, and now. */

import { UsageError } from '#common/errors.ts'
import type { HostEvidence, NamespaceEvidence, Place, QueueEvidence } from '#findings/host/evidence.ts'
import { totalsOf } from '#findings/recording/spells.ts'
import type { Prometheus, Value } from '#planner/inputs/prometheus.ts'
import { APART_S, findBy, keyOf, NAMESPACE, NOW } from './instant.ts'
import { tcpListenersOf } from './prometheus-tcp.ts'
import { udpSocketsOf } from './prometheus-udp.ts'
import { unixListenersOf } from './prometheus-unix.ts'
import { recordingsOf } from './recordings.ts'

const counters = ['ListenOverflows', 'ListenDrops', 'TCPReqQFullDoCookies', 'TCPReqQFullDrop'] as const
const settings = {
  'net.core.somaxconn': 'node_sysctl_net_core_somaxconn',
  'net.ipv4.tcp_syncookies': 'node_sysctl_net_ipv4_tcp_syncookies',
  'net.ipv4.tcp_max_syn_backlog': 'node_sysctl_net_ipv4_tcp_max_syn_backlog',
} as const

/** Throws a UsageError where no Prometheus answers, or it has no metrics of ours. */
export async function evidenceOfPrometheus(prometheus: Prometheus, rangeMs: number): Promise<HostEvidence> {
  const range = `${Math.round(rangeMs / 1000)}s`
  const [tcp, unix, udp, counted, set] = await Promise.all([
    tcpListenersOf(prometheus, rangeMs, range),
    unixListenersOf(prometheus, rangeMs),
    udpSocketsOf(prometheus, range),
    Promise.all(
      counters.map(async (name) => ({
        name: `TcpExt_${name}`,
        sum: await findBy(prometheus, `increase(node_netstat_TcpExt_${name}[${range}])`, NAMESPACE),
        rate: await findBy(prometheus, `rate(node_netstat_TcpExt_${name}[${NOW}])`, NAMESPACE),
      })),
    ),
    Promise.all(
      Object.entries(settings).map(async ([name, metric]) => ({
        name,
        value: await findBy(prometheus, metric, NAMESPACE),
      })),
    ),
  ])
  const all = [...tcp.values, ...unix.values, ...udp.values]
  if (all.length === 0)
    throw new UsageError(
      `The Prometheus at ${prometheus} knows no listeners`,
      'Have it scrape spillway exporter: docs/exporter.md',
    )
  // Last, so that they know of all that the others do.
  const { ports: recordings } = await recordingsOf(prometheus, rangeMs)
  const dropsOf = new Map(
    recordings.flatMap(({ shards }) => shards.map((shard) => [placeOf(shard), totalsOf(shard).drops])),
  )
  const exactly = (queue: QueueEvidence): QueueEvidence => ({
    ...queue,
    drops: dropsOf.get(placeOf(queue)) ?? queue.drops,
  })
  const ofNamespace = (values: readonly Value[]): Map<string, Value[]> =>
    Map.groupBy(values, (value) => keyOf(value, NAMESPACE))
  const [tcpOf, unixOf, udpOf] = [ofNamespace(tcp.values), ofNamespace(unix.values), ofNamespace(udp.values)]
  const namespaces = [...ofNamespace(all)].map(([key, [first]]): NamespaceEvidence => {
    const { instance = '', netns = '' } = first?.labels ?? {}
    const place = { netns, own: false, host: instance }
    const numbers = (of: { name: string; value: number | undefined }[]): Record<string, number> =>
      Object.fromEntries(of.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])))
    const settled = numbers(set.map(({ name, value }) => ({ name, value: first && value(first) })))
    const now = numbers(counted.map(({ name, sum }) => ({ name, value: first && rounded(sum(first)) })))
    const then = numbers(
      counted.map(({ name, rate }) => ({ name, value: (now[name] ?? 0) - ((first && rate(first)) ?? 0) * APART_S })),
    )
    const somaxconn = settled['net.core.somaxconn']
    return {
      ...place,
      counters: now,
      countersBefore: then,
      settings: settled,
      conntrack: undefined,
      destinations: [],
      sourcePorts: undefined,
      queues: [
        ...(tcpOf.get(key) ?? []).map((value) => exactly(tcp.of(value, place, somaxconn))),
        ...(unixOf.get(key) ?? []).map((value) => unix.of(value, place, somaxconn)),
      ],
      udp: (udpOf.get(key) ?? []).map((value) => udp.of(value, place, somaxconn)),
    }
  })
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

const placeOf = ({ host, netns, address, port, shard }: Place): string => [host, netns, address, port, shard].join('|')

const rounded = (value: number | undefined): number | undefined => (value === undefined ? undefined : Math.round(value))
