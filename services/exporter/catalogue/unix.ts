/** The accept queue of each listening UNIX socket. */
import type { MetricValue } from '#common/metrics-text.ts'
import type { UnixListenerSample } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'
import { placeLabels, placeValues } from './place.ts'

const labels = ['netns', 'path', 'shard'] as const
type Labels = Record<(typeof labels)[number], string | number>

function each(read: (listener: UnixListenerSample, labels: Labels) => Iterable<MetricValue>): Metric['read'] {
  return function* rows({ snapshot }: Held) {
    for (const { netns, unixListeners = [] } of snapshot?.namespaces ?? [])
      for (const listener of unixListeners) yield* read(listener, { netns, path: listener.path, shard: listener.shard })
  }
}

const one = (value: (listener: UnixListenerSample) => number): Metric['read'] =>
  each((listener, labels) => [{ labels, value: value(listener) }])

const fills = ['0.5', '0.9', '1'] as const

export const unixMetrics: MetricGroup = {
  title: 'UNIX listeners: the accept queue without a counter',
  introduction:
    'Stream and seqpacket sockets: what PHP-FPM, gunicorn or Docker listen on behind a proxy. Such a queue also holds N + 1 ' +
    'connections. A client that finds it full is refused at once with EAGAIN if its socket does not block (nginx says ' +
    '"Resource temporarily unavailable"), and otherwise sleeps in connect() where nothing shows it. There is no retry, and ' +
    '**the kernel counts neither**: these numbers are sampled, as often as the accept queues of TCP unless the CPU budget ' +
    'stretches the interval (1 s at most), and ten times less often in a namespace in which nobody has waited for a minute. What ' +
    'happens between two samples shows nowhere. `path` is the name given to ' +
    'bind(), in the network namespace in which the socket was made: `@` stands before an abstract name, a backslash is ' +
    'doubled, and bytes that cannot be printed are written as `\\x0a`. Listeners of the same path have different shards.',
  metrics: [
    {
      name: 'unix_listener_accept_queue_length',
      type: 'gauge',
      labels,
      help:
        'Connections that the process has not accepted yet, at the last sample before the scrape. One whose client has ' +
        'gone keeps its place.',
      source: 'UNIX_DIAG_RQLEN of the LISTEN record (length of sk_receive_queue)',
      worry: 'It stays above zero for longer than a burst: all workers are busy.',
      read: one(({ length }) => length),
    },
    {
      name: 'unix_listener_accept_queue_limit',
      type: 'gauge',
      labels,
      help:
        'The backlog in force, N: what listen() asked for, capped at net.core.somaxconn as it was at that moment. N + 1 ' +
        'connections fit.',
      source: 'UNIX_DIAG_RQLEN of the LISTEN record (sk_max_ack_backlog)',
      worry:
        'It is lower than what the program asks for, or small in comparison with the connections that its proxy may open.',
      read: one(({ limit }) => limit),
    },
    {
      name: 'unix_listener_accept_queue_peak',
      type: 'gauge',
      labels,
      help:
        'Highest accept queue length sampled within the peak window (30 s by default). A scrape does not reset it. A burst ' +
        'shorter than the sampling interval can be missed.',
      source: 'maximum of the sampled lengths, in 60 steps of the window',
      worry: 'Above the limit: clients were refused, or waited in connect(), and no counter says how many.',
      read: one(({ peak }) => peak),
    },
    {
      name: 'unix_listener_accept_queue_at_least_seconds_total',
      type: 'counter',
      labels: [...labels, 'fill'],
      help:
        'Time for which the accept queue was at or above this share of the N + 1 connections it holds; fill="1" is full. ' +
        'Each sample stands for the time since the previous one. A gap in the sampling counts for at most two intervals, ' +
        'or 250 ms if that is more.',
      source: 'sum over the samples',
      worry: 'Any rate with fill="1" is time during which every new client is refused or sleeps.',
      read: each((listener, labels) =>
        fills.map((fill) => ({ labels: { ...labels, fill }, value: listener.atLeastSeconds[fill] })),
      ),
    },
    {
      name: 'unix_listener_acceptors',
      type: 'gauge',
      labels,
      help:
        'Processes that waited for connections at this socket when it was last looked; absent where that cannot be known. Looked at ' +
        'as tcp_listener_acceptors is, and as sure.',
      source:
        '/proc/PID/fdinfo of epoll and io_uring, kcmp(), /proc/PID/task/TID/syscall and the arguments of the call',
      worry: '0 for longer than a minute while somebody waits: all workers are busy, or nobody polls this socket.',
      read: each(({ acceptors }, labels) => (acceptors == null ? [] : [{ labels, value: acceptors.length }])),
    },
    {
      name: 'unix_listener_info',
      type: 'gauge',
      labels: [...labels, 'type', 'inode', 'cookie', 'uid', 'process', 'owners', ...placeLabels],
      help:
        'Who listens; the value is always 1. type is stream or seqpacket; process is the command of the first owner, owners ' +
        'their number. Empty where the exporter is not allowed to see it; uid is empty before Linux 5.3.',
      source: 'the LISTEN record and /proc/PID/fd',
      worry: 'Not a warning sign: join it to the others on netns, path and shard.',
      read: each((listener, labels) => {
        const { type, inode, cookie, uid, process, pids } = listener
        const own = { type, inode, cookie, uid: uid ?? '', process, owners: pids.length, ...placeValues(listener) }
        return [{ labels: { ...labels, ...own }, value: 1 }]
      }),
    },
    {
      name: 'unix_listeners_left_out',
      type: 'gauge',
      labels: ['netns'],
      help: 'UNIX listeners that are not shown, because there are more than 1,000. Absent while all are shown.',
      source: 'the sampler',
      worry: 'Any: a full queue among them would not be seen.',
      *read({ snapshot }) {
        for (const { netns, unixListenersLeftOut = 0 } of snapshot?.namespaces ?? [])
          if (unixListenersLeftOut > 0) yield { labels: { netns }, value: unixListenersLeftOut }
      },
    },
  ],
}
