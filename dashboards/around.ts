/** What stands around a listener: who owns the UNIX sockets, and the limits of its process and its kernel. */
import { levels, unit } from './common.ts'
import { graph } from './panels.ts'
import { identity, lately, perInstance, select } from './select.ts'
import { rows } from './tables.ts'

const half = { width: 12, height: 7 }

const share = (used: string, limit: string): string => `${lately(used)} / ${lately(limit)}`
const fullest = (expression: string): string => perInstance(`topk(6, ${expression})`)

export const around = [
  graph({
    ...half,
    title: 'Open files of the processes that listen',
    means: 'Open files of a process that holds a listener, as a share of its limit (RLIMIT_NOFILE).',
    worry: 'Near 100 %: accept() fails with EMFILE, and the accept queue fills although the process runs.',
    limits: 'The six nearest to their limit. Absent for processes that the exporter may not look into.',
    unit: unit.share,
    levels: levels.fill,
    reaches: 0.1,
    empty: 'No process that the exporter may look into',
    queries: [
      [
        // A pod that is none is no label, and Grafana would name the label: so all names are one.
        `label_join(${fullest(share('listener_process_open_fds', 'listener_process_max_fds'))}, "whose", " ", "process", "k8s_pod_name", "k8s_container_name")`,
        '{{whose}} {{instance}}',
      ],
    ],
  }),
  graph({
    ...half,
    title: 'Memory of all TCP sockets',
    means: 'Memory of the TCP sockets of a host, and the amounts at which the kernel begins to save and to refuse.',
    worry: 'Above the first line the kernel shrinks windows; above the second it drops and resets.',
    limits:
      "In pages. The limits (net.ipv4.tcp_mem; the lowest of the chosen hosts) are known where a host's own namespace is read.",
    unit: unit.count,
    levels: levels.none,
    logarithmic: true,
    smallest: 1,
    empty: 'The exporter does not read the memory of TCP here',
    queries: [
      [`${fullest(lately('node_sockstat_TCP_mem'))} > 0`, 'in use {{instance}}'],
      [`min(${lately('node_sysctl_net_ipv4_tcp_mem_pressure')})`, 'pressure', 'dashed'],
      [`min(${lately('node_sysctl_net_ipv4_tcp_mem_high')})`, 'most', 'limit'],
    ],
  }),
  rows({
    title: 'Limits of the network namespaces',
    means:
      'What the kernel allows: the highest backlog, the half-open requests, and what it does when these are too many.',
    worry: 'somaxconn is below what a program asks for; cookies are 0 (SYNs are dropped) or 2 (always).',
    limits: 'What a listener got stays as it is when somaxconn changes, until it listens again.',
    width: 12,
    height: 7,
    labels: [
      { label: 'job', title: 'Job' },
      { label: 'instance', title: 'Instance' },
      { label: 'netns', title: 'Namespace' },
    ],
    numbers: [
      { title: 'somaxconn', expression: limitOf('node_sysctl_net_core_somaxconn') },
      { title: 'tcp_max_syn_backlog', expression: limitOf('node_sysctl_net_ipv4_tcp_max_syn_backlog') },
      { title: 'tcp_syncookies', expression: limitOf('node_sysctl_net_ipv4_tcp_syncookies') },
      { title: 'TIME_WAIT', expression: limitOf('node_sockstat_TCP_tw') },
    ].map((column) => ({ ...column, unit: unit.count, levels: levels.none })),
  }),
  rows(
    {
      title: 'UNIX sockets and their owners',
      means: 'Path, process, unit, container and pod of each UNIX socket that listens; @ begins an abstract name.',
      worry: 'The process is not the one you expect.',
      limits: 'Process is empty where the exporter is not allowed to inspect it.',
      width: 12,
      height: 7,
      empty: 'No UNIX listener',
      labels: [
        { label: 'job', title: 'Job' },
        { label: 'instance', title: 'Instance' },
        { label: 'netns', title: 'Namespace' },
        { label: 'path', title: 'Path' },
        { label: 'process', title: 'Process' },
        { label: 'unit', title: 'Unit' },
        { label: 'container_id', title: 'Container' },
        { label: 'k8s_namespace_name', title: 'Namespace of the pod' },
        { label: 'k8s_pod_name', title: 'Pod' },
      ],
      numbers: [],
    },
    select('unix_listener_info'),
  ),
]

function limitOf(metric: string): string {
  return `max by (${identity.netns}) (${select(metric)})`
}
