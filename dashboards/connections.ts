/** After accept(): the bytes in the queues of each connection, in both directions. */
import type { BoardSpec } from './board.ts'
import { byNetns, byPort, levels, rate, unit } from './common.ts'
import { graph } from './panels.ts'

const oncePerSecond =
  "Counted once a second, or less often if the exporter's CPU budget stretches the interval: short-lived states are missed."
const half = { width: 12 }

export const connections: BoardSpec = {
  name: 'connections',
  title: 'Connections',
  description:
    'Every accepted connection has a receive queue and a send queue. Which side fails to empty them: the backend or the client?',
  sections: [
    {
      heading: 'Connections',
      panels: [
        graph({
          ...half,
          title: 'Connections by state',
          means: 'Connections whose local port is this one, by TCP state. LISTEN and half-open requests are left out.',
          worry:
            'close_wait grows: the process does not close connections that its peers have closed. fin_wait grows: peers do not close.',
          limits: oncePerSecond,
          unit: unit.connections,
          levels: levels.none,
          queries: [[`tcp_port_connections{${byPort}}`, '{{state}} :{{port}}']],
        }),
        graph({
          ...half,
          title: 'Open in each backend',
          means: 'Connections that a backend has accepted and not closed.',
          worry: 'It keeps growing, or one backend holds nearly all of them.',
          limits: 'Counted by the backend. A connection that waits to be accepted is not included.',
          unit: unit.connections,
          levels: levels.none,
          queries: [['spillway_backend_open_connections', '{{backend}}']],
        }),
        graph({
          ...half,
          title: 'Opened and reset',
          means:
            'Connections that clients opened, counted at the final ACK, and established connections that ended in a reset, a second.',
          worry:
            'A burst of resets: a listener closed with clients in its queue, or a backend closes connections with unread data.',
          limits: 'For the whole network namespace; the resets include its outgoing connections.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [
            [rate('node_netstat_Tcp_PassiveOpens', byNetns), 'opened'],
            [rate('node_netstat_Tcp_EstabResets', byNetns), 'reset'],
            [rate('node_netstat_TcpExt_TCPAbortOnData', byNetns), 'closed with data unread'],
          ],
        }),
        graph({
          ...half,
          title: 'Responses by status',
          means: 'HTTP responses of all backends, by status code, a second.',
          worry: 'Anything but 200 in the lab.',
          limits: 'A client that the kernel turned away never gets a response and is not included.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [[`sum by (code) (${rate('spillway_backend_responses_total')})`, '{{code}}']],
        }),
      ],
    },
    {
      heading: 'Receive queues: the backend reads too slowly',
      panels: [
        graph({
          ...half,
          title: 'Bytes received and not read',
          means: 'The sum over all connections of the port, and the largest of a single connection.',
          worry:
            'It stays high: the process reads too slowly. The largest is nearly as high as the sum: one stuck connection, not a slow process.',
          limits: `${oncePerSecond} Connections that wait to be accepted count too.`,
          unit: unit.bytes,
          levels: levels.none,
          queries: [
            [`tcp_port_receive_queue_bytes{${byPort}}`, 'sum :{{port}}'],
            [`tcp_port_receive_queue_bytes_max{${byPort}}`, 'largest :{{port}}'],
          ],
        }),
        graph({
          ...half,
          title: 'Windows closed by this side',
          means:
            'How often a second this side closed its window to a peer because its receive buffer was full; reopened it; and would have closed it but was not allowed to shrink it.',
          worry: 'A steady rate of closing: our process reads too slowly, and its clients have to wait.',
          limits: 'For the whole network namespace.',
          unit: unit.perSecond,
          levels: levels.notable,
          queries: [
            [rate('node_netstat_TcpExt_TCPToZeroWindowAdv', byNetns), 'closed'],
            [rate('node_netstat_TcpExt_TCPFromZeroWindowAdv', byNetns), 'opened again'],
            [rate('node_netstat_TcpExt_TCPWantZeroWindowAdv', byNetns), 'wanted to close'],
          ],
        }),
        graph({
          ...half,
          title: 'Segments dropped for lack of buffer space',
          means:
            'Segments that arrived and were dropped: receive queue full, window closed, socket backlog full while its process held the socket, or received and pruned later.',
          worry: 'Any rate: they must be retransmitted.',
          limits: 'For the whole network namespace.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [rate('node_netstat_TcpExt_TCPRcvQDrop', byNetns), 'receive queue full'],
            [rate('node_netstat_TcpExt_TCPZeroWindowDrop', byNetns), 'window closed'],
            [rate('node_netstat_TcpExt_TCPBacklogDrop', byNetns), 'backlog full'],
            [rate('node_netstat_TcpExt_RcvPruned', byNetns), 'pruned'],
          ],
        }),
      ],
    },
    {
      heading: 'Send queues: the client reads too slowly',
      panels: [
        graph({
          ...half,
          title: 'Bytes sent and not acknowledged, or not sent yet',
          means: 'The sum over all connections of the port, and the largest of a single connection.',
          worry:
            'It stays high: peers read slowly, or the network is slower than the process. The largest has filled its send buffer: that peer has stopped reading.',
          limits: oncePerSecond,
          unit: unit.bytes,
          levels: levels.none,
          queries: [
            [`tcp_port_send_queue_bytes{${byPort}}`, 'sum :{{port}}'],
            [`tcp_port_send_queue_bytes_max{${byPort}}`, 'largest :{{port}}'],
          ],
        }),
        graph({
          ...half,
          title: 'Peers with a closed window',
          means:
            'Connections whose peer accepts no more data until it reads, and the zero-window probes sent to such peers, a second.',
          worry: 'Above a few for long: each slow client holds memory and, in many servers, a worker.',
          limits: `${oncePerSecond} Probes are for the whole network namespace, and far apart on a connection whose window stays closed.`,
          unit: unit.count,
          levels: levels.notable,
          queries: [
            [`tcp_port_zero_window_connections{${byPort}}`, 'connections :{{port}}'],
            [rate('node_netstat_TcpExt_TCPWinProbe', byNetns), 'probes a second'],
          ],
        }),
      ],
    },
  ],
}
