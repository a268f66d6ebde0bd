/** After accept(): what waits in the queues of each connection, in either direction. */
import type { BoardSpec } from './board.ts'
import { byNetns, byPort, levels, rate, unit } from './common.ts'
import { graph } from './panels.ts'

const oncePerSecond =
  'Counted once a second, or less often if the CPU budget of the exporter says so: short stays are missed.'
const half = { width: 12 }

export const connections: BoardSpec = {
  name: 'connections',
  title: 'Connections',
  description:
    'Every accepted connection has a receive queue and a send queue. Who does not empty them: the backend, or the client?',
  sections: [
    {
      heading: 'Connections',
      panels: [
        graph({
          ...half,
          title: 'Connections by state',
          means: 'Connections whose own end is this port, by TCP state. LISTEN and half-open requests are left out.',
          worry:
            'close_wait that grows: the process does not close what its peers have finished. fin_wait that grows: peers do not close.',
          limits: oncePerSecond,
          unit: unit.connections,
          levels: levels.none,
          queries: [[`tcp_port_connections{${byPort}}`, '{{state}} :{{port}}']],
        }),
        graph({
          ...half,
          title: 'Open in each backend',
          means: 'Connections that a backend has accepted and not closed.',
          worry: 'It grows without end, or one backend holds nearly all.',
          limits: 'As the backend counts. A connection that waits to be accepted is not in it.',
          unit: unit.connections,
          levels: levels.none,
          queries: [['spillway_backend_open_connections', '{{backend}}']],
        }),
        graph({
          ...half,
          title: 'Opened and reset',
          means:
            'Connections that clients made, counted at the final ACK, and established ones that ended by a reset, a second.',
          worry:
            'A burst of resets: a listener closed with clients in its queue, or a backend closes with data unread.',
          limits: 'For the whole network namespace, its own outgoing connections included in the resets.',
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
          limits: 'A client that was turned away by the kernel never gets a response, and is not in it.',
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
          means: 'Over all connections of the port, and of the one connection with the most.',
          worry:
            'It stays high: the process reads too slowly. The largest nearly as high as the sum: one stuck connection, not a slow process.',
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
            'Times a second that this side told a peer to stop, since its receive buffer was full; opened it again; and would have closed it but may not shrink it.',
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
          title: 'Segments thrown away for lack of room',
          means:
            'Segments that came and were dropped: receive queue full, window closed, backlog of a busy process full, or already received and squeezed out.',
          worry: 'Any rate: they must be sent again.',
          limits: 'For the whole network namespace.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [rate('node_netstat_TcpExt_TCPRcvQDrop', byNetns), 'receive queue full'],
            [rate('node_netstat_TcpExt_TCPZeroWindowDrop', byNetns), 'window closed'],
            [rate('node_netstat_TcpExt_TCPBacklogDrop', byNetns), 'backlog full'],
            [rate('node_netstat_TcpExt_RcvPruned', byNetns), 'squeezed out'],
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
          means: 'Over all connections of the port, and of the one connection with the most.',
          worry:
            'It stays high: peers read slowly, or the network is slower than the process. The largest at its send buffer: that peer has stopped reading.',
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
          means: 'Connections whose peer takes nothing more until it reads, and the probes that ask it, a second.',
          worry: 'Above a few for long: slow clients hold memory and, in many servers, a worker each.',
          limits: `${oncePerSecond} Probes are for the whole network namespace, and far apart on a connection that is closed for long.`,
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
