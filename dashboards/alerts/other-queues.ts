/** What else turns clients away: UNIX sockets, UDP, open files, source ports, memory. */
import { by, filesUsedUp, lately, netstatRate, rate } from './ask.ts'
import { type Alert, atOnce, namespaceWords, type Pace, short, whenItLasts } from './spec.ts'

const unixFull = (pace: Pace): string =>
  `(sum without (fill) (${rate('unix_listener_accept_queue_at_least_seconds_total{fill="1"}', pace)}) > 0)`

const withUnixProcess = (listeners: string, { gap }: Pace): string =>
  `(${listeners}) * on (${by.unix}) group_left (process) topk by (${by.unix}) (1, last_over_time(unix_listener_info[${gap}]))`

const unixWords = '{{ $labels.path }} #{{ $labels.shard }}{{ with $labels.process }} ({{ . }}){{ end }}'
const destination = 'job, instance, netns, destination'

const portsUsed = (pace: Pace): string =>
  `(${lately('tcp_outgoing_ports_used', pace)} / on (${by.netns}) group_left () ${lately('tcp_outgoing_ports_limit', pace)} > 0.9)`

const mostlyTimeWait = (pace: Pace): string => {
  const connections = lately('tcp_outgoing_connections', pace)
  const inTimeWait = lately('tcp_outgoing_connections{state="time_wait"}', pace)
  return `on (${destination}) (sum by (${destination}) (${inTimeWait}) / sum by (${destination}) (${connections}) > 0.5)`
}

export const otherQueueAlerts: Alert[] = [
  {
    name: 'UnixSocketFull',
    finding: 'unix-socket-full',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) => withUnixProcess(unixFull(pace), pace),
    summary: 'The queue of a UNIX socket is full, and clients are refused',
    description: `${unixWords} on ${namespaceWords}, had no place for {{ $value | humanizePercentage }} of the time. The kernel refuses such clients at once with EAGAIN, and counts nothing.`,
    board: 'listener',
    critical: {
      lasting: whenItLasts,
      expression: (pace) => withUnixProcess(`${unixFull(pace)} > 0.01 and ${unixFull(short(pace))}`, pace),
      description: `${unixWords} on ${namespaceWords}, has had no place for {{ $value | humanizePercentage }} of the time, and so refuses about that share of its clients with EAGAIN. The kernel counts nothing.`,
    },
  },
  {
    name: 'UdpDatagramsLost',
    finding: 'udp-queue-overflows',
    severity: 'warning',
    lasting: { production: '1m', lab: '0s' },
    expression: (pace) => `${rate('udp_socket_drops_total', pace)} > 0`,
    summary: 'UDP datagrams are lost at a full receive queue',
    description: `At {{ $labels.address }}:{{ $labels.port }} on ${namespaceWords}, the kernel drops {{ $value | humanize }} datagrams a second. Nobody sends them again unless the application does.`,
    board: 'listener',
  },
  {
    name: 'FilesUsedUp',
    finding: 'file-descriptors-used-up',
    severity: 'warning',
    lasting: { production: '5m', lab: '5s' },
    expression: filesUsedUp,
    summary: 'A server has nearly used up its open files',
    description:
      '{{ $labels.process }}{{ with $labels.k8s_pod_name }} in pod {{ $labels.k8s_namespace_name }}/{{ . }}{{ else }}{{ with $labels.container_id }} of container {{ . }}{{ end }}{{ end }} on {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its open files. When none is left, accept() fails with EMFILE and its queue fills.',
    board: 'listener',
  },
  {
    name: 'SourcePortsUsedUp',
    finding: 'no-source-port-left',
    severity: 'warning',
    lasting: whenItLasts,
    expression: (pace) => `${portsUsed(pace)} unless ${mostlyTimeWait(pace)}`,
    summary: 'The source ports for a destination are nearly used up',
    description: `On ${namespaceWords}, connections to {{ $labels.destination }} hold {{ $value | humanizePercentage }} of the source ports. Beyond that connect() fails with EADDRNOTAVAIL, and no counter tells.`,
    board: 'connections',
  },
  {
    name: 'TimeWaitHoldsPorts',
    finding: 'time-wait-holds-ports',
    severity: 'warning',
    lasting: whenItLasts,
    expression: (pace) => `${portsUsed(pace)} and ${mostlyTimeWait(pace)}`,
    summary: 'Closed connections in TIME_WAIT hold nearly all source ports for a destination',
    description: `On ${namespaceWords}, connections to {{ $labels.destination }} hold {{ $value | humanizePercentage }} of the source ports, and most of these are in TIME_WAIT. Beyond that connect() fails with EADDRNOTAVAIL, and no counter tells.`,
    board: 'connections',
  },
  {
    name: 'ResetForMemory',
    finding: 'tcp-memory-short',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) => `${netstatRate('TcpExt_TCPAbortOnMemory', pace)} > 0`,
    summary: 'Connections are reset for lack of memory',
    description: `On ${namespaceWords}, {{ $value | humanize }} connections a second are reset for lack of memory, or because there are too many orphans (TCPAbortOnMemory).`,
    board: 'connections',
  },
]
