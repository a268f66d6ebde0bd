/** The accept queue of each listening socket. */
import type { MetricValue } from '#common/metrics-text.ts'
import type { ListenerSample } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

const labels = ['netns', 'address', 'port', 'shard'] as const

type Labels = Record<(typeof labels)[number], string | number>

/** Rows of every listener, from a function that gives the values of one. */
function each(read: (listener: ListenerSample, labels: Labels) => Iterable<MetricValue>): Metric['read'] {
  return function* rows({ snapshot }: Held) {
    for (const { netns, listeners } of snapshot?.namespaces ?? []) {
      for (const listener of listeners) {
        const { address, port, shard } = listener
        yield* read(listener, { netns, address, port, shard })
      }
    }
  }
}

const one = (value: (listener: ListenerSample) => number): Metric['read'] =>
  each((listener, labels) => [{ labels, value: value(listener) }])

const fills = ['0.5', '0.9', '1'] as const

export const listenerMetrics: MetricGroup = {
  title: 'The accept queue of each listener',
  introduction:
    'A listening socket is one shard. A connection waits in its accept queue from the final ACK of the handshake until ' +
    'the process calls accept().',
  metrics: [
    {
      name: 'tcp_listener_accept_queue_length',
      type: 'gauge',
      labels,
      help:
        'Connections that the kernel has finished and the process has not accepted yet, at the last sample before the ' +
        'scrape. Bursts between scrapes show in the peak.',
      source: 'idiag_rqueue of the LISTEN record (sk_ack_backlog)',
      worry: 'It stays above zero for longer than a burst: the process accepts more slowly than clients come.',
      read: one(({ length }) => length),
    },
    {
      name: 'tcp_listener_accept_queue_limit',
      type: 'gauge',
      labels,
      help:
        'The backlog in force, N: what listen() asked for, cut to net.core.somaxconn as it was at that moment. ' +
        'N + 1 connections fit, and concurrent handshakes can exceed even that by a few.',
      source: 'idiag_wqueue of the LISTEN record (sk_max_ack_backlog)',
      worry: 'It is lower than what the program asks for: somaxconn of this namespace has cut it.',
      read: one(({ limit }) => limit),
    },
    {
      name: 'tcp_listener_accept_queue_peak',
      type: 'gauge',
      labels,
      help:
        'Highest accept queue length sampled within the peak window (30 s unless set otherwise). No scrape resets it. ' +
        'A burst shorter than the sampling interval can be missed.',
      source: 'maximum of the sampled lengths, in 60 steps of the window',
      worry: 'It comes near the limit although the length at scrapes is low: bursts, or pauses of the process.',
      read: one(({ peak }) => peak),
    },
    {
      name: 'tcp_listener_accept_queue_at_least_seconds_total',
      type: 'counter',
      labels: [...labels, 'fill'],
      help:
        'Time that the accept queue stood at or above this share of the N + 1 connections it holds; fill="1" is full. ' +
        'Each sample stands for the time since the one before, so it is as fine as the sampling interval. ' +
        'A gap in the sampling counts for ten intervals at most, or 250 ms if that is more.',
      source: 'sum over samples',
      worry: 'Any rate with fill="1" is time in which every new client is turned away.',
      read: each((listener, labels) =>
        fills.map((fill) => ({ labels: { ...labels, fill }, value: listener.atLeastSeconds[fill] })),
      ),
    },
    {
      name: 'tcp_listener_drops_total',
      type: 'counter',
      labels,
      help:
        'What the kernel holds against this socket (sk_drops). Not all are overflows: 1 for a dropped SYN, 2 for an ' +
        'overflowed final ACK, and 1 each for a SYN sent again to a half-open request, an RST for one, and an ACK that ' +
        'TCP_DEFER_ACCEPT holds back. Starts at 0 with every new socket.',
      source: 'SK_MEMINFO_DROPS of the LISTEN record, without its wrap at 2^32',
      worry: 'It moves together with ListenOverflows of the namespace: clients wait a second and more to get in.',
      read: one(({ drops }) => drops),
    },
    {
      name: 'tcp_listener_info',
      type: 'gauge',
      labels: [...labels, 'inode', 'cookie', 'uid', 'process', 'owners', 'container'],
      help:
        'Who the listener is; the value is always 1. owners are the process ids that hold the socket, several for a ' +
        'socket that a fork shares; process is the command of the first. Both are empty where the exporter may not look ' +
        'into the process. container is the first 12 digits of its id.',
      source: 'the LISTEN record, /proc/PID/fd, the cgroup in which the socket was made',
      worry: 'Join it to another metric to learn whose queue it is: see the examples.',
      read: each((listener, labels) => [
        {
          labels: {
            ...labels,
            inode: listener.inode,
            cookie: listener.cookie,
            uid: listener.uid,
            process: listener.process,
            owners: listener.pids.join(','),
            container: listener.container,
          },
          value: 1,
        },
      ]),
    },
  ],
}
