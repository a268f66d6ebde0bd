/** What the kernel tells by port, and not by listener. */
import type { MetricValue } from '#common/metrics-text.ts'
import type { PortSample } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

const labels = ['netns', 'address', 'port'] as const

type Labels = Record<(typeof labels)[number], string | number>

function each(read: (port: PortSample, labels: Labels) => Iterable<MetricValue>): Metric['read'] {
  return function* rows({ snapshot }: Held) {
    for (const { netns, ports } of snapshot?.namespaces ?? [])
      for (const port of ports) yield* read(port, { netns, address: port.address, port: port.port })
  }
}

const one = (value: (port: PortSample) => number): Metric['read'] =>
  each((port, labels) => [{ labels, value: value(port) }])

const connectionDump = 'dump of connections, once a second unless the CPU budget stretches it'

export const portMetrics: MetricGroup = {
  title: 'Ports: the SYN queue and the connections',
  introduction:
    'Neither a half-open request nor a connection names the listener it came by, so these are given for each local ' +
    'address and port together, never for a shard.',
  metrics: [
    {
      name: 'tcp_port_syn_queue_length',
      type: 'gauge',
      labels,
      help:
        'Half-open requests of this port: the SYN-ACK is sent, the final ACK has not come or was not taken. Sampled ' +
        'every 100 ms unless the CPU budget stretches that.',
      source: 'SYN_RECV records, counted by local address and port',
      worry:
        'It stands near the limit: clients do not answer (a flood, a broken path back), or the accept queue is full and ' +
        'final ACKs are dropped.',
      read: one(({ synQueue }) => synQueue.length),
    },
    {
      name: 'tcp_port_syn_queue_peak',
      type: 'gauge',
      labels,
      help: 'Highest SYN queue length sampled within the peak window. No scrape resets it.',
      source: 'maximum of the sampled lengths',
      worry: 'As the length; it also catches what happens between scrapes.',
      read: one(({ synQueue }) => synQueue.peak),
    },
    {
      name: 'tcp_port_syn_queue_limit',
      type: 'gauge',
      labels,
      help:
        "Sum of the limits of the port's listeners. The SYN queue has no limit of its own: the kernel compares it with " +
        'the backlog of each listener. With several listeners one can be full long before the sum is reached.',
      source: 'sum of tcp_listener_accept_queue_limit',
      worry: 'Compare the length with it, for single listeners only as an exact share.',
      read: one(({ synQueue }) => synQueue.limit),
    },
    {
      name: 'tcp_port_accept_wait_oldest_seconds',
      type: 'gauge',
      labels,
      help:
        'How long the longest waiting connection has been in the accept queue; 0 if none waits. As fine as one tick of ' +
        'the kernel (1 to 10 ms), seen once per dump of the connections.',
      source: `tcpi_last_data_sent of connections without an inode; ${connectionDump}`,
      worry: 'It grows steadily: a process that does not accept at all. Clients notice from their first byte on.',
      read: one(({ oldestWaitMs }) => oldestWaitMs / 1000),
    },
    {
      name: 'tcp_port_connections',
      type: 'gauge',
      labels: [...labels, 'state'],
      help: 'Connections whose own end is this port, by TCP state. LISTEN and half-open requests are left out.',
      source: connectionDump,
      worry:
        'close_wait that grows: the process does not close what its peers have finished. Very many time_wait are normal ' +
        'for a server that closes first.',
      read: each(({ connections }, labels) =>
        Object.entries(connections).map(([state, value]) => ({ labels: { ...labels, state }, value })),
      ),
    },
    {
      name: 'tcp_port_receive_queue_bytes',
      type: 'gauge',
      labels,
      help: 'Bytes received and not read yet, over all connections of the port, accepted or not.',
      source: `idiag_rqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'It stays high: the process reads too slowly, and its peers are slowed down.',
      read: one(({ receiveBytes }) => receiveBytes),
    },
    {
      name: 'tcp_port_receive_queue_bytes_max',
      type: 'gauge',
      labels,
      help: 'Bytes received and not read yet, of the one connection with the most.',
      source: `maximum of idiag_rqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'High while the sum is hardly higher: one stuck connection, not a slow process.',
      read: one(({ receiveBytesMax }) => receiveBytesMax),
    },
    {
      name: 'tcp_port_send_queue_bytes',
      type: 'gauge',
      labels,
      help: 'Bytes sent and not acknowledged, or not sent yet, over all connections of the port.',
      source: `idiag_wqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'It stays high: peers read slowly, or the network is slower than the process.',
      read: one(({ sendBytes }) => sendBytes),
    },
    {
      name: 'tcp_port_send_queue_bytes_max',
      type: 'gauge',
      labels,
      help: 'Bytes sent and not acknowledged, or not sent yet, of the one connection with the most.',
      source: `maximum of idiag_wqueue, less 1 for a FIN; ${connectionDump}`,
      worry: 'As high as the send buffer allows: that peer has stopped reading.',
      read: one(({ sendBytesMax }) => sendBytesMax),
    },
    {
      name: 'tcp_port_zero_window_connections',
      type: 'gauge',
      labels,
      help:
        'Connections whose peer has closed its receive window: it takes nothing more until it reads. Before Linux 5.4 ' +
        'those whose zero-window timer runs.',
      source: `tcpi_snd_wnd; ${connectionDump}`,
      worry: 'Above a few for long: slow clients hold memory and, in many servers, a worker each.',
      read: one(({ zeroWindows }) => zeroWindows),
    },
  ],
}
