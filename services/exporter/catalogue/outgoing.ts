/** The connections that processes of the namespace have opened. */
import type { MetricValue } from '#common/metrics-text.ts'
import { formatListen } from '#common/parse.ts'
import type { OutgoingSample } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

function each(read: (outgoing: OutgoingSample, netns: string) => Iterable<MetricValue>): Metric['read'] {
  return function* rows({ snapshot }: Held) {
    for (const { netns, outgoing } of snapshot?.namespaces ?? [])
      if (outgoing !== undefined && outgoing.destinations.length > 0) yield* read(outgoing, netns)
  }
}

const destinationOf = (address: string, port: number): string => formatListen({ host: address, port })

const dump = 'dump of all connections, every five seconds unless the CPU budget stretches the interval'

export const outgoingMetrics: MetricGroup = {
  title: "Outgoing connections: the client's side",
  introduction:
    'Connections of the namespace whose own end has no listener, by destination (address:port). Those with the most ' +
    'connections are named (--destinations), and the one that takes the most ports; the rest is `other`. What a listener ' +
    'leaves behind when it closes is left out: connections from a port outside ip_local_port_range to one inside. All of ' +
    'this is absent while there is none.',
  metrics: [
    {
      name: 'tcp_outgoing_connections',
      type: 'gauge',
      labels: ['netns', 'destination', 'state'],
      help: 'Outgoing connections by destination and TCP state. States without any are not given.',
      source: dump,
      worry:
        'syn_sent stays above zero: that server does not answer, or its accept queue is full. close_wait grows: a process ' +
        'here does not close what the server has closed. Very many time_wait: connections are opened for each request, ' +
        'and each holds a port for a minute.',
      read: each(function* rows({ destinations, others }, netns) {
        for (const { address, port, connections } of destinations)
          for (const [state, value] of Object.entries(connections))
            yield { labels: { netns, destination: destinationOf(address, port), state }, value }
        for (const [state, value] of Object.entries(others.connections))
          yield { labels: { netns, destination: 'other', state }, value }
      }),
    },
    {
      name: 'tcp_outgoing_destinations',
      type: 'gauge',
      labels: ['netns'],
      help: 'Different destinations of outgoing connections, those summed up as `other` included.',
      source: dump,
      worry: 'Not a warning sign: it says how many destinations `other` stands for.',
      read: each(({ destinations, others }, netns) => [
        { labels: { netns }, value: destinations.length + others.destinations },
      ]),
    },
    {
      name: 'tcp_outgoing_ports_used',
      type: 'gauge',
      labels: ['netns', 'destination'],
      help:
        'Ports of ip_local_port_range that connections to this destination hold, TIME_WAIT included, from the own address ' +
        'that holds the most: each pair of own address and destination has all ports for itself. The destination with ' +
        'the most is always among those given.',
      source: dump,
      worry: 'Near tcp_outgoing_ports_limit: connect() fails with EADDRNOTAVAIL, and no counter of the kernel tells.',
      read: each(({ destinations }, netns) =>
        destinations.flatMap(({ address, port, ports }) =>
          ports === undefined ? [] : [{ labels: { netns, destination: destinationOf(address, port) }, value: ports }],
        ),
      ),
    },
    {
      name: 'tcp_outgoing_ports_limit',
      type: 'gauge',
      labels: ['netns'],
      help:
        'Ports that the kernel may choose for connections to one destination from one own address: those of ' +
        'ip_local_port_range without ip_local_reserved_ports. Ports that are bound otherwise are not available either.',
      source: '/proc/sys/net/ipv4/ip_local_port_range and ip_local_reserved_ports of the namespace',
      worry: 'Compare tcp_outgoing_ports_used with it.',
      read: each(({ portsLimit }, netns) =>
        portsLimit === undefined ? [] : [{ labels: { netns }, value: portsLimit }],
      ),
    },
    {
      name: 'tcp_outgoing_time_wait_reuse',
      type: 'gauge',
      labels: ['netns'],
      help:
        'net.ipv4.tcp_tw_reuse: whether a new connection may take a port that is in TIME_WAIT for longer than a second; ' +
        '0 never, 1 if both sides use timestamps, 2 on loopback only.',
      source: '/proc/sys/net/ipv4/tcp_tw_reuse of the namespace',
      worry: 'Not 1 while tcp_outgoing_ports_used is high and mostly TIME_WAIT.',
      read: each(({ timeWaitReuse }, netns) =>
        timeWaitReuse === undefined ? [] : [{ labels: { netns }, value: timeWaitReuse }],
      ),
    },
  ],
}
