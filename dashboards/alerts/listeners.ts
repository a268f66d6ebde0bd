/** Listeners that close: what becomes of the clients that wait, and of those that come. */
import { by, gained, lately, netstatRate, whose } from './ask.ts'
import { type Alert, atOnce, namespaceWords, type Pace, portOrNamespace } from './spec.ts'

const resets = 'tcp_port_listener_close_resets_total'

/** A port's series begins with its first close: then its value counts, if the exporter itself is not new. */
const resetsOfPorts = ({ window }: Pace): string =>
  `(${resets} - ${resets} offset ${window} > 0 or on (${by.port}) ((${resets} > 0 unless on (${by.port}) ${resets} offset ${window}) and on (job, instance) spillway_exporter_info offset ${window}))`

const answers = (pace: Pace): string => `on (job, instance) ${lately('spillway_exporter_info', pace)}`

/** Ports that listened, had clients, and listen no more; by the process that was seen last. */
const gonePorts = (pace: Pace): string =>
  [
    `(topk by (${by.port}) (1, group by (${by.port}, ${whose}) (last_over_time(tcp_listener_info{process!=""}[${pace.memory}])) or on (${by.port}) group by (${by.port}) (last_over_time(tcp_listener_info[${pace.memory}])))`,
    `unless on (${by.port}) ${lately('tcp_listener_info', pace)}`,
    `and ${answers(pace)}`,
    `and on (${by.port}) max_over_time(tcp_port_connections{state=~"established|close_wait|time_wait"}[${pace.memory}]) > 0)`,
  ].join(' ')

export const listenerAlerts: Alert[] = [
  {
    name: 'ListenerClosedOnClients',
    finding: 'listener-closed',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) =>
      `${resetsOfPorts(pace)} or on (${by.netns}) ${gained('tcp_namespace_listener_close_resets_total', pace)} > 0`,
    summary: 'A listener has closed with clients in its queue, and the kernel has reset them',
    description: `${portOrNamespace} has closed: {{ $value | humanize }} clients that had connected and waited were reset.`,
    board: 'connections',
  },
  {
    name: 'MigrationFailed',
    finding: 'connections-migrate',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) => `${netstatRate('TcpExt_TCPMigrateReqFailure', pace)} > 0`,
    summary: 'A listener has closed, and no other of its group had room for its clients',
    description: `On ${namespaceWords}, {{ $value | humanize }} clients a second could not be moved to another listener (TCPMigrateReqFailure): the queues of the others are full, or there is none.`,
    board: 'connections',
  },
  {
    name: 'ListenerGone',
    finding: 'nobody-listens',
    severity: 'warning',
    lasting: { production: '1m', lab: '10s' },
    expression: (pace) => `${gonePorts(pace)} and on (${by.netns}) ${netstatRate('Tcp_OutRsts', pace)} > 0`,
    summary: 'Nobody listens any more on a port that had clients, and the kernel refuses connections',
    description: `${portOrNamespace} does not listen any more, and the namespace sends resets: a client there reads "connection refused".`,
    board: 'listener',
  },
]
