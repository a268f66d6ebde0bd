/** What bounds the queues, and how much of it is used: settings, open files, memory. */
import { pageBytes } from '#kernel/page-size.ts'
import type { ProcessFiles } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

const ofNetns = (kind: 'limits' | 'sockstat', field: string): Metric['read'] =>
  function* rows({ snapshot }: Held) {
    for (const namespace of snapshot?.namespaces ?? []) {
      const value = namespace[kind]?.[field]
      if (value !== undefined) yield { labels: { netns: namespace.netns }, value }
    }
  }

const setting = (name: string, help: string, worry: string): Metric => ({
  name: `node_sysctl_${name.replaceAll('.', '_')}`,
  type: 'untyped',
  labels: ['netns'],
  help,
  source: `/proc/sys/${name.replaceAll('.', '/')} of the namespace`,
  worry,
  read: ofNetns('limits', name),
})

/** A number that the kernel shows in each namespace, and that is the host's: once, as the first namespace has it. */
const ofHost = (
  field: string,
  help: string,
  worry: string,
  convert: (value: number) => number = (value) => value,
): Metric => ({
  name: `node_sockstat_${field}`,
  type: 'gauge',
  labels: [],
  help: `${help} Of the whole host.`,
  source: '/proc/net/sockstat',
  worry,
  *read({ snapshot }) {
    const value = snapshot?.namespaces.find(({ sockstat }) => sockstat?.[field] !== undefined)?.sockstat?.[field]
    if (value !== undefined) yield { labels: {}, value: convert(value) }
  },
})

const used = (field: string, help: string, worry: string, file = 'sockstat'): Metric => ({
  name: `node_sockstat_${field}`,
  type: 'gauge',
  labels: ['netns'],
  help,
  source: `/proc/net/${file}`,
  worry,
  read: ofNetns('sockstat', field),
})

/** Memory in buffers, in pages as the kernel counts it, and in bytes as node_exporter adds. */
const memoryOf = (protocol: 'TCP' | 'UDP', worry: string): Metric[] => {
  const help = (unit: string): string => `Memory that ${protocol} holds in buffers, in ${unit}.`
  const pages = ofHost(`${protocol}_mem`, help('pages'), worry)
  const bytes = ofHost(`${protocol}_mem`, help('bytes'), worry, (count) => count * pageBytes())
  return [pages, { ...bytes, name: `${bytes.name}_bytes` }]
}

/** A limit of tcp_mem, once for the host. */
const memoryLimit = (level: 'low' | 'pressure' | 'high', help: string, worry: string): Metric => ({
  name: `node_sysctl_net_ipv4_tcp_mem_${level}`,
  type: 'untyped',
  labels: [],
  help: `${help} In pages, for the whole host; absent if the host's own namespace is not read.`,
  source: '/proc/sys/net/ipv4/tcp_mem',
  worry,
  *read({ snapshot }) {
    for (const { tcpMemory } of snapshot?.namespaces ?? []) {
      if (tcpMemory === undefined || tcpMemory.limitPages === null) continue
      yield { labels: {}, value: tcpMemory.limitPages[level] }
      return
    }
  },
})

/** Of the processes with one name in one container, the one that is nearest to its limit. */
const nearest = (value: (files: ProcessFiles) => number): Metric['read'] =>
  function* rows({ snapshot }: Held) {
    const worst = new Map<string, ProcessFiles>()
    for (const files of snapshot?.processes ?? []) {
      const key = `${files.container}|${files.process}`
      const known = worst.get(key)
      if (known === undefined || share(files) > share(known)) worst.set(key, files)
    }
    for (const files of worst.values())
      if (Number.isFinite(value(files)))
        yield { labels: { process: files.process, ...placeOf(files) }, value: value(files) }
  }

const filesLabels = ['process', 'container_id', 'k8s_namespace_name', 'k8s_pod_name', 'k8s_container_name'] as const
const placeOf = ({
  container,
  kubernetes,
}: ProcessFiles): Record<Exclude<(typeof filesLabels)[number], 'process'>, string> => ({
  container_id: container,
  k8s_namespace_name: kubernetes?.namespace ?? '',
  k8s_pod_name: kubernetes?.pod ?? '',
  k8s_container_name: kubernetes?.container ?? '',
})

const share = ({ open, limit }: ProcessFiles): number => (limit === null ? 0 : open / Math.max(limit, 1))

export const limitMetrics: MetricGroup = {
  title: 'Limits, and what is used of them',
  introduction:
    "Settings and sockstat are named and typed as in node_exporter's collectors `sysctl` and `sockstat`, with the label " +
    '`netns` added. They are read once a second unless the CPU budget stretches the interval; open files every ten seconds. ' +
    'What a namespace does not have is left out.',
  metrics: [
    setting(
      'net.core.somaxconn',
      'The highest backlog that listen() may ask for in this namespace. It is applied when listen() is called: a listener that ' +
        'was there before keeps its limit.',
      'Lower than the backlogs that the programs ask for.',
    ),
    setting(
      'net.ipv4.tcp_syncookies',
      'What happens when a SYN queue is full: 0 drop the SYN, 1 answer with a cookie (the default), 2 always answer with a cookie.',
      '0: a flood of SYNs shuts clients out. 2: for tests only.',
    ),
    setting(
      'net.ipv4.tcp_max_syn_backlog',
      'A limit on half-open requests that holds only while tcp_syncookies is 0: then SYNs of unknown clients are dropped from ' +
        'three quarters of it.',
      'With tcp_syncookies = 0: three quarters of it are less than the half-open requests of a listener.',
    ),
    {
      name: 'listener_process_open_fds',
      type: 'gauge',
      labels: filesLabels,
      help:
        'Open files of a process that holds a listener; of several with the same name, the one nearest to its limit. Absent ' +
        'for processes that the exporter may not look into.',
      source: '/proc/PID/fd',
      worry:
        'Near listener_process_max_fds: accept() fails with EMFILE, the accept queue fills, and most servers then spin or wait.',
      read: nearest(({ open }) => open),
    },
    {
      name: 'listener_process_max_fds',
      type: 'gauge',
      labels: filesLabels,
      help: 'The limit on open files of that process (RLIMIT_NOFILE, the soft one). Absent if there is none.',
      source: '/proc/PID/limits',
      worry: 'Lower than the connections that the server is to hold: 1,024 is a common default.',
      read: nearest(({ limit }) => limit ?? Number.POSITIVE_INFINITY),
    },
    used('sockets_used', 'Sockets of all kinds in use.', 'It grows steadily: a leak.'),
    used('TCP_inuse', 'TCP sockets over IPv4 in use, listeners included.', 'Compare other numbers with it.'),
    ofHost(
      'TCP_orphan',
      'TCP sockets that no process holds any more.',
      'Near net.ipv4.tcp_max_orphans: the kernel resets connections (TCPAbortOnMemory).',
    ),
    used(
      'TCP_tw',
      'Connections in TIME_WAIT.',
      'Near net.ipv4.tcp_max_tw_buckets, or near the number of source ports.',
    ),
    ofHost(
      'TCP_alloc',
      'TCP sockets allocated, in use or not.',
      'Far above those in use: connections that wait to be accepted, or a leak.',
    ),
    ...memoryOf(
      'TCP',
      'Near node_sysctl_net_ipv4_tcp_mem_pressure: TCP shrinks the windows of all connections of the host.',
    ),
    used('UDP_inuse', 'UDP sockets over IPv4 in use.', 'It grows steadily: a leak.'),
    ...memoryOf('UDP', 'Near net.ipv4.udp_mem.'),
    used(
      'TCP6_inuse',
      'TCP sockets over IPv6 in use, listeners included.',
      'Compare other numbers with it.',
      'sockstat6',
    ),
    used('UDP6_inuse', 'UDP sockets over IPv6 in use.', 'It grows steadily: a leak.', 'sockstat6'),
    memoryLimit('low', 'Below this TCP does not care for its memory.', 'Not a warning sign.'),
    memoryLimit(
      'pressure',
      'Above this TCP saves memory, until it is below the low limit again.',
      'TCP_mem comes near.',
    ),
    memoryLimit('high', 'Above this TCP drops what it receives and resets connections.', 'TCP_mem comes near.'),
    {
      name: 'tcp_memory_pressure',
      type: 'gauge',
      labels: [],
      help:
        'Whether TCP is short of memory on this host: 1 or 0. It then shrinks windows and prunes receive queues. ' +
        "Absent if the exporter's own namespace is not read.",
      source: 'column press of /proc/net/protocols',
      worry: '1: raise net.ipv4.tcp_mem, or find who does not read.',
      *read({ snapshot }) {
        for (const { tcpMemory } of snapshot?.namespaces ?? []) {
          if (tcpMemory === undefined || tcpMemory.pressure === null) continue
          yield { labels: {}, value: tcpMemory.pressure ? 1 : 0 }
          return
        }
      },
    },
  ],
}
