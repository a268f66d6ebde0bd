/** Listeners that have closed, and whom that has reset. */
import type { MetricValue } from '#common/metrics-text.ts'
import type { ClosedListenersSample } from '../snapshot.ts'
import type { Held, Metric } from './metric.ts'
import { labelsOfPort, portLabels } from './port-rows.ts'

type Value = 'listeners' | 'reset'

/** Rows from what has closed in each namespace; none where nothing has. */
function each(read: (closed: ClosedListenersSample, netns: string) => Iterable<MetricValue>): Metric['read'] {
  return function* rows({ snapshot }: Held) {
    for (const { netns, closedListeners } of snapshot?.namespaces ?? [])
      if (closedListeners !== undefined) yield* read(closedListeners, netns)
  }
}

const byPort = (value: Value): Metric['read'] =>
  each((closed, netns) => closed.ports.map((port) => ({ labels: labelsOfPort(netns, port), value: port[value] })))

const ofNamespace = (value: Value): Metric['read'] =>
  function* rows({ snapshot }) {
    for (const { netns, closedListeners } of snapshot?.namespaces ?? [])
      yield { labels: { netns }, value: closedListeners?.[value] ?? 0 }
  }

const gone = 'the LISTEN record is missing from two dumps in a row'

export const closedListenerMetrics: readonly Metric[] = [
  {
    name: 'tcp_port_listener_closes_total',
    type: 'counter',
    labels: portLabels,
    help:
      'Listeners of this port that have closed since the exporter first read it. Given once one has. A listener that ' +
      'lived for less than a sampling interval was never seen.',
    source: gone,
    worry:
      'It rises when nobody restarts anything: something listens for a moment, such as a test of a configuration ' +
      'that opens its sockets.',
    read: byPort('listeners'),
  },
  {
    name: 'tcp_port_listener_close_resets_total',
    type: 'counter',
    labels: portLabels,
    help:
      'Clients that waited in the accept queue of a listener of this port when it closed: the kernel has reset them. ' +
      'About right: the queue is known by the last sample before. Those that another listener of the group took over ' +
      '(tcp_migrate_req) are not counted. Kept for ten minutes after the last listener of the port has closed.',
    source: `length of the accept queue when ${gone}, less the rise of TcpExt TCPMigrateReqSuccess`,
    worry:
      'Any rise: these clients had connected and got "connection reset". Drain before closing, or set tcp_migrate_req.',
    read: byPort('reset'),
  },
  {
    name: 'tcp_namespace_listener_closes_total',
    type: 'counter',
    labels: ['netns'],
    help: 'Listeners that have closed, over all ports of the namespace, also those that are forgotten.',
    source: gone,
    worry: 'Thousands an hour: something opens and closes listeners all the time.',
    read: ofNamespace('listeners'),
  },
  {
    name: 'tcp_namespace_listener_close_resets_total',
    type: 'counter',
    labels: ['netns'],
    help:
      'Clients that waited in the accept queues of listeners that have closed, over all ports of the namespace. It is 0 ' +
      'from the start, so a rate over it also shows the first close of a port.',
    source: 'sum over the ports',
    worry: 'Any rate: tcp_port_listener_close_resets_total names the port.',
    read: ofNamespace('reset'),
  },
]
