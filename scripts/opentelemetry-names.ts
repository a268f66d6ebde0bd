/**
 * How the exporter's metrics stand to the names of OpenTelemetry: data, which scripts/metrics-doc.ts writes into
 * docs/metrics.md. Both sources are in development, so this is what they said on the day below.
 */
import type { MetricGroup } from '#services/exporter/catalogue.ts'

/** What the proposal and the conventions were read on. */
const readOn = '2026-11-26'
const proposal = 'https://github.com/open-telemetry/semantic-conventions/issues/3682'

interface Counterpart {
  /** Their metric, with the attributes that the difference is about. */
  theirs: string
  /** `convention` stands in the semantic conventions, `proposed` only in the proposal. */
  status: 'convention' | 'proposed'
  /** Ours that count the same or the nearest to it; none where the exporter has no such number. */
  ours: readonly string[]
  /** What must be known before one is read as the other. */
  difference: string
}

export const counterparts: readonly Counterpart[] = [
  {
    theirs: '`system.network.connection.count` (`network.connection.state`, `network.transport`)',
    status: 'convention',
    ours: ['tcp_port_connections', 'tcp_port_syn_queue_length', 'node_netstat_Tcp_CurrEstab', 'udp_socket_sockets'],
    difference:
      'Ours is by port, and of ports with a listener only: sum over the ports of a host. `fin_wait1` is `fin_wait_1` there; ' +
      '`syn_received` is the SYN queue, and `listen` the number of series of `tcp_listener_info`.',
  },
  {
    theirs:
      'a counter of connection establishments below `system.network.tcp.` (`error.type`, `network.tcp.handshake.role`)',
    status: 'proposed',
    ours: ['node_netstat_Tcp_PassiveOpens', 'node_netstat_Tcp_ActiveOpens', 'node_netstat_Tcp_AttemptFails'],
    difference:
      'PassiveOpens are the successes of the role server. ActiveOpens are attempts of the role client, whatever came of them. ' +
      'AttemptFails are of both roles, without a reason. A client that a full queue turns away is none of these: the kernel drops ' +
      'its SYN, and nothing has failed yet.',
  },
  {
    theirs: '`system.network.tcp.retransmits` (`network.tcp.retransmit.type`)',
    status: 'proposed',
    ours: ['node_netstat_Tcp_RetransSegs', 'node_netstat_TcpExt_TCPSynRetrans', 'node_netstat_TcpExt_TCPTimeouts'],
    difference:
      'Without the type, and with the SYNs and SYN-ACKs. TCPTimeouts counts expired timers, near to the type `timeout`.',
  },
  {
    theirs: '`system.network.tcp.resets` (`network.tcp.reset.cause`)',
    status: 'proposed',
    ours: [
      'node_netstat_Tcp_EstabResets',
      'node_netstat_Tcp_OutRsts',
      'node_netstat_TcpExt_EmbryonicRsts',
      'node_netstat_TcpExt_TCPAbortOnData',
      'node_netstat_TcpExt_TCPAbortOnMemory',
      'tcp_port_listener_close_resets_total',
      'tcp_namespace_listener_close_resets_total',
    ],
    difference:
      'Each counts one kind, and some resets are counted by several: do not add them. None of the causes there is a listener that closes.',
  },
  {
    theirs: '`system.network.tcp.flow_control.events` (`network.tcp.flow_control.event`)',
    status: 'proposed',
    ours: [
      'node_netstat_TcpExt_TCPToZeroWindowAdv',
      'node_netstat_TcpExt_TCPWinProbe',
      'tcp_port_zero_window_connections',
    ],
    difference:
      'TCPToZeroWindowAdv counts the windows that this side has closed, TCPWinProbe the probes to closed windows of others; ' +
      '`tcp_port_zero_window_connections` is how many are closed now, not an event.',
  },
  {
    theirs: '`system.network.tcp.rtt` (histogram, at the end of a connection)',
    status: 'proposed',
    ours: ['tcp_port_round_trip_seconds'],
    difference: 'Ours is a median, a 90th percentile and a maximum over the connections that are open now.',
  },
  {
    theirs: '`system.network.tcp.handshake.duration`, `system.network.tcp.connection.duration` (histograms)',
    status: 'proposed',
    ours: [],
    difference: 'Both need an event for each connection; the exporter samples, and never sees most connections.',
  },
  {
    theirs: '`system.network.udp.*`: errors and queue drops',
    status: 'proposed',
    ours: [
      'udp_socket_drops_total',
      'node_netstat_Udp_InErrors',
      'node_netstat_Udp_RcvbufErrors',
      'node_netstat_Udp_SndbufErrors',
      'node_netstat_Udp_NoPorts',
      'node_netstat_Udp6_InErrors',
      'node_netstat_Udp6_RcvbufErrors',
      'node_netstat_Udp6_SndbufErrors',
      'node_netstat_Udp6_NoPorts',
    ],
    difference: 'By socket, and by namespace and family; InErrors includes RcvbufErrors.',
  },
]

/** The names of other exporters, which OpenTelemetry has elsewhere or leaves to them, and what the exporter says of itself. */
const leftOut = /^(node_|spillway_|listener_process_)/

/** The section of docs/metrics.md. What has no counterpart is what is left of the catalogue, so a new metric cannot be missing. */
export function openTelemetrySection(catalogue: readonly MetricGroup[]): string {
  const mapped = new Set(counterparts.flatMap(({ ours }) => ours))
  const without = catalogue.flatMap(({ title, metrics }) => {
    const names = metrics.map(({ name }) => name).filter((name) => !mapped.has(name) && !leftOut.test(name))
    return names.length === 0 ? [] : [`| ${title} | ${names.map((name) => `\`${name}\``).join(', ')} |`]
  })
  const row = ({ theirs, status, ours, difference }: Counterpart): string =>
    `| ${theirs} | ${status} | ${ours.length === 0 ? 'none' : ours.map((name) => `\`${name}\``).join(', ')} | ${difference} |`
  return `## OpenTelemetry's names

An OpenTelemetry collector takes these metrics under the names above ([how](operating.md#an-opentelemetry-collector)). Which of them
count the same as the semantic conventions' \`system.network.…\` and as the [proposed](${proposal})
\`system.network.tcp.*\` and \`system.network.udp.*\`, as both were on ${readOn}: the proposal is not decided, so nothing is renamed.

| OpenTelemetry | status | here | what differs |
| --- | --- | --- | --- |
${counterparts.map(row).join('\n')}

**Without a counterpart**: accept queues and SYN queues, their limits, peaks and drops, who empties them and how long one waits in them
were in neither. These keep their names whatever becomes of the proposal.

| group | metrics |
| --- | --- |
${without.join('\n')}

Left out here: the kernel's other counters and settings (\`node_…\`), what a process may still open (\`listener_process_…\`), and what the
exporter says of itself (\`spillway_…\`).
`
}
