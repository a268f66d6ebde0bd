/** The receive queues of UDP sockets. */
import type { UdpSocketSample } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

const labels = ['netns', 'address', 'port'] as const

const one = (value: (sockets: UdpSocketSample) => number): Metric['read'] =>
  function* rows({ snapshot }: Held) {
    for (const { netns, udpSockets = [] } of snapshot?.namespaces ?? [])
      for (const sockets of udpSockets)
        yield { labels: { netns, address: sockets.address, port: sockets.port }, value: value(sockets) }
  }

export const udpMetrics: MetricGroup = {
  title: 'UDP sockets: a queue that drops',
  introduction:
    'Sockets that are bound and not connected to a peer: those that serve. One is shown once it has been open for a second, and ' +
    'for ten seconds if its port is one that the kernel hands out (`ip_local_port_range`), so that a resolver and its like ' +
    'make no series. Several sockets of one address and port (SO_REUSEPORT, receivers of a multicast) are one series: its ' +
    'bytes, limit and peak are of the fullest, its drops those of all. Bytes are the memory that datagrams hold, which is what the ' +
    'kernel compares with the limit: a datagram of 100 bytes may take 832. A datagram is dropped if it would exceed the ' +
    'limit, so a full queue is a little shorter than its limit.',
  metrics: [
    {
      name: 'udp_socket_receive_queue_bytes',
      type: 'gauge',
      labels,
      help:
        'Memory held by datagrams that the process has not read yet, in the fullest of the sockets. Sampled every 100 ms ' +
        'unless the CPU budget stretches the interval (5 s at most).',
      source: 'idiag_rqueue (udp_rqueue_get)',
      worry: 'It stays above zero: the process reads more slowly than datagrams arrive.',
      read: one(({ bytes }) => bytes),
    },
    {
      name: 'udp_socket_receive_queue_limit_bytes',
      type: 'gauge',
      labels,
      help:
        'The receive buffer of that socket (sk_rcvbuf): net.core.rmem_default, or twice what SO_RCVBUF was given, of which ' +
        'net.core.rmem_max allows so much.',
      source: 'SK_MEMINFO_RCVBUF',
      worry: 'The default of 208 KiB (212,992 bytes) holds some 256 small datagrams: too few for a busy server.',
      read: one(({ limitBytes }) => limitBytes),
    },
    {
      name: 'udp_socket_receive_queue_peak_bytes',
      type: 'gauge',
      labels,
      help: 'Highest value of the bytes sampled within the peak window. A scrape does not reset it.',
      source: 'maximum of the sampled bytes, in 60 steps of the window',
      worry: 'Near the limit: bursts fill the queue. The drops say whether it overflowed.',
      read: one(({ peakBytes }) => peakBytes),
    },
    {
      name: 'udp_socket_drops_total',
      type: 'counter',
      labels,
      help:
        'Datagrams that the kernel dropped at these sockets: for lack of buffer, and for a wrong checksum. Added up over ' +
        'the sockets of the port; those of closed sockets stay in the sum.',
      source: 'SK_MEMINFO_DROPS, corrected for its wrap at 2^32',
      worry: 'Any rate: datagrams are lost, and nobody sends them again unless the application does.',
      read: one(({ drops }) => drops),
    },
    {
      name: 'udp_socket_sockets',
      type: 'gauge',
      labels,
      help: 'Sockets of this address and port.',
      source: 'dump of unconnected UDP sockets',
      worry: 'Not a warning sign: with more than one, the bytes are those of the fullest.',
      read: one(({ sockets }) => sockets),
    },
    {
      name: 'udp_sockets_left_out',
      type: 'gauge',
      labels: ['netns'],
      help: 'UDP sockets that are not shown, because there are more than 1,000 ports. Absent while all are shown.',
      source: 'the sampler',
      worry: 'Any: a full queue among them would not be seen.',
      *read({ snapshot }) {
        for (const { netns, udpSocketsLeftOut = 0 } of snapshot?.namespaces ?? [])
          if (udpSocketsLeftOut > 0) yield { labels: { netns }, value: udpSocketsLeftOut }
      },
    },
  ],
}
