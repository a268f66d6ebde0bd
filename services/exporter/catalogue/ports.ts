/** What the kernel reports by port, and not by listener. */
import { closedListenerMetrics } from './closed-listeners.ts'
import type { MetricGroup } from './metric.ts'
import { networkMetrics, pastAcceptMetrics, waitingMetrics } from './port-connections.ts'
import { connectionDump, eachPort, onePerPort, portLabels } from './port-rows.ts'

export const portMetrics: MetricGroup = {
  title: 'Ports: the SYN queue and the connections',
  introduction:
    'Neither a half-open request nor a connection names the listener that it arrived at, so these are given for each ' +
    'local address and port, never for a shard. Listeners that are bound to a network device have rows of their own, with a ' +
    'further label: device.',
  metrics: [
    {
      name: 'tcp_port_syn_queue_length',
      type: 'gauge',
      labels: portLabels,
      help:
        'Half-open requests of this port: the SYN-ACK is sent, and the final ACK has not arrived or was dropped. Sampled ' +
        'every 100 ms unless the CPU budget stretches the interval.',
      source: 'SYN_RECV records, counted by local address and port',
      worry:
        'It stays near the limit: clients do not answer (a flood, a broken return path), or the accept queue is full and ' +
        'final ACKs are dropped.',
      read: onePerPort(({ synQueue }) => synQueue?.length),
    },
    {
      name: 'tcp_port_syn_queue_peak',
      type: 'gauge',
      labels: portLabels,
      help: 'Highest SYN queue length sampled within the peak window. A scrape does not reset it.',
      source: 'maximum of the sampled lengths',
      worry: 'As for the length; it also catches what happens between scrapes.',
      read: onePerPort(({ synQueue }) => synQueue?.peak),
    },
    {
      name: 'tcp_port_syn_queue_limit',
      type: 'gauge',
      labels: portLabels,
      help:
        "Sum of the limits of the port's listeners. A SYN queue has no separate limit: the kernel compares its length " +
        'with the backlog of its listener. With several listeners, one can be full long before the sum is reached.',
      source: 'sum of tcp_listener_accept_queue_limit',
      worry: 'Compare the length with it; only for a port with a single listener is the ratio exact.',
      read: onePerPort(({ synQueue }) => synQueue?.limit),
    },
    {
      name: 'tcp_port_accept_wait_oldest_seconds',
      type: 'gauge',
      labels: portLabels,
      help:
        'How long the connection that has waited longest has been in the accept queue; 0 if none is waiting. Resolution: ' +
        'one tick of the kernel (1 to 10 ms); read once per dump of the connections.',
      source: `tcpi_last_data_sent of connections without an inode; ${connectionDump}`,
      worry: 'It grows steadily: a process does not accept at all. Its clients wait that long for their first byte.',
      read: onePerPort(({ oldestWaitMs }) => (oldestWaitMs === undefined ? undefined : oldestWaitMs / 1000)),
    },
    {
      name: 'tcp_port_connections',
      type: 'gauge',
      labels: [...portLabels, 'state'],
      help: 'Connections whose local port is this one, by TCP state. LISTEN and half-open requests are left out.',
      source: connectionDump,
      worry:
        'close_wait grows: the process does not close connections that its peers have closed. Very many time_wait are ' +
        'normal for a server that closes first.',
      read: eachPort(({ connections }, labels) =>
        Object.entries(connections ?? {}).map(([state, value]) => ({ labels: { ...labels, state }, value })),
      ),
    },
    {
      name: 'tcp_port_receive_queue_bytes',
      type: 'gauge',
      labels: portLabels,
      help: 'Bytes received and not read yet, over all connections of the port, accepted or not.',
      source: `idiag_rqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'It stays high: the process reads too slowly, and its peers are slowed down.',
      read: onePerPort(({ receiveBytes }) => receiveBytes),
    },
    {
      name: 'tcp_port_receive_queue_bytes_max',
      type: 'gauge',
      labels: portLabels,
      help: 'Bytes received and not read yet, of the one connection with the most.',
      source: `maximum of idiag_rqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'High while the sum is hardly higher: one stuck connection, not a slow process.',
      read: onePerPort(({ receiveBytesMax }) => receiveBytesMax),
    },
    {
      name: 'tcp_port_send_queue_bytes',
      type: 'gauge',
      labels: portLabels,
      help: 'Bytes sent and not acknowledged, or not sent yet, over all connections of the port.',
      source: `idiag_wqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'It stays high: peers read slowly, or the network is slower than the process.',
      read: onePerPort(({ sendBytes }) => sendBytes),
    },
    {
      name: 'tcp_port_send_queue_bytes_max',
      type: 'gauge',
      labels: portLabels,
      help: 'Bytes sent and not acknowledged, or not sent yet, of the one connection with the most.',
      source: `maximum of idiag_wqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'As high as the send buffer allows: that peer has stopped reading.',
      read: onePerPort(({ sendBytesMax }) => sendBytesMax),
    },
    {
      name: 'tcp_port_zero_window_connections',
      type: 'gauge',
      labels: portLabels,
      help:
        'Connections whose peer has closed its receive window: it accepts no more data until it reads. Before Linux 5.4, ' +
        'connections whose zero-window timer is running.',
      source: `tcpi_snd_wnd; ${connectionDump}`,
      worry: 'Above a few for long: each slow client holds memory and, in many servers, a worker.',
      read: onePerPort(({ zeroWindows }) => zeroWindows),
    },
    ...waitingMetrics,
    ...pastAcceptMetrics,
    ...networkMetrics,
    ...closedListenerMetrics,
  ],
}
