/** The accept queue of each listening socket. */
import type { MetricValue } from '#common/metrics-text.ts'
import { waitBoundsUs } from '#kernel/bpf/event-record.ts'
import type { EventSample, ExactSample, ListenerSample } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'
import { placeLabels, placeValues } from './place.ts'

const labels = ['netns', 'address', 'port', 'shard'] as const

type Labels = Record<(typeof labels)[number], string | number>

/** Rows for every listener, from a function that gives the values for one. */
function all(read: (listener: ListenerSample, labels: Labels) => Iterable<MetricValue>): Metric['read'] {
  return function* rows({ snapshot }: Held) {
    for (const { netns, listeners } of snapshot?.namespaces ?? []) {
      for (const listener of listeners) {
        const { address, port, shard } = listener
        yield* read(listener, { netns, address, port, shard })
      }
    }
  }
}

/** The same for those that any client has ever used: on a host with thousands most never are. */
const each = (read: Parameters<typeof all>[0]): Metric['read'] =>
  all((listener, labels) => (listener.used ? read(listener, labels) : []))

const oneOfAll = (value: (listener: ListenerSample) => number): Metric['read'] =>
  all((listener, labels) => [{ labels, value: value(listener) }])

const one = (value: (listener: ListenerSample) => number): Metric['read'] =>
  each((listener, labels) => [{ labels, value: value(listener) }])

/** Where a namespace has more, a row of 0 for each that no client has used would be most of the page. */
const FEW_LISTENERS = 256

function* dropRows({ snapshot }: Held): Iterable<MetricValue> {
  for (const { netns, listeners } of snapshot?.namespaces ?? [])
    for (const { address, port, shard, used, drops, dropsFromZero, seenSinceMs } of listeners)
      if (used || listeners.length <= FEW_LISTENERS)
        yield {
          labels: { netns, address, port, shard },
          value: drops,
          // An exporter that starts later than the listener does not know since when the drops that it finds are counted.
          createdMs: dropsFromZero === true ? seenSinceMs : undefined,
        }
}

const exactly = (value: (exact: ExactSample) => number | null): Metric['read'] =>
  each(({ exact }, labels) => {
    const known = exact && value(exact)
    return known === undefined || known === null ? [] : [{ labels, value: known }]
  })

const counted = (value: (events: EventSample) => number | undefined): Metric['read'] =>
  each(({ events, seenSinceMs }, labels) => {
    const known = events && value(events)
    return known === undefined ? [] : [{ labels, value: known, createdMs: seenSinceMs }]
  })

function* waitRows({ events }: ListenerSample, labels: Labels): Iterable<MetricValue> {
  if (events?.waits === undefined || events.waitSumMs === undefined) return
  let upTo = 0
  for (const [index, bound] of waitBoundsUs.entries()) {
    upTo += events.waits[index] ?? 0
    yield { labels: { ...labels, le: bound / 1e6 }, value: upTo, suffix: '_bucket' }
  }
  // Not `accepted`: what was counted between the two would make a bucket less than none.
  const count = upTo + (events.waits[waitBoundsUs.length] ?? 0)
  yield { labels: { ...labels, le: '+Inf' }, value: count, suffix: '_bucket' }
  yield { labels, value: events.waitSumMs / 1000, suffix: '_sum' }
  yield { labels, value: count, suffix: '_count' }
}

const fills = ['0.5', '0.9', '1'] as const

export const listenerMetrics: MetricGroup = {
  title: 'The accept queue of each listener',
  introduction:
    'Each listening socket is one shard. A connection waits in its accept queue from the final ACK of the handshake ' +
    'until the process calls accept().',
  metrics: [
    {
      name: 'tcp_listener_accept_queue_length',
      type: 'gauge',
      labels,
      help:
        'Connections whose handshake is complete and that the process has not accepted yet, at the last sample before ' +
        'the scrape. Bursts between scrapes show in the peak.',
      source: 'idiag_rqueue of the LISTEN record (sk_ack_backlog)',
      worry: 'It stays above zero for longer than a burst: the process accepts more slowly than clients connect.',
      read: oneOfAll(({ length }) => length),
    },
    {
      name: 'tcp_listener_accept_queue_limit',
      type: 'gauge',
      labels,
      help:
        'The backlog in force, N: what listen() asked for, capped at net.core.somaxconn as it was at that moment. ' +
        'N + 1 connections fit, and concurrent handshakes can exceed even that by a few.',
      source: 'idiag_wqueue of the LISTEN record (sk_max_ack_backlog)',
      worry: 'It is lower than what the program asks for: somaxconn of this namespace has capped it.',
      read: oneOfAll(({ limit }) => limit),
    },
    {
      name: 'tcp_listener_accept_queue_peak',
      type: 'gauge',
      labels,
      help:
        'Highest accept queue length within the peak window (30 s by default). A scrape does not reset it; a new limit does. ' +
        'With --exact (feature peaks) it is that after each connection that came. Otherwise it is sampled: ' +
        'a burst shorter than the sampling interval can be missed; after a minute in which nothing waited in the namespace, ' +
        'that is --quiet-interval.',
      source:
        'maximum of the sampled lengths, in 60 steps of the window; with --exact also of sk_ack_backlog at each sk_data_ready of the listener',
      worry: 'It comes close to the limit although the length at scrapes is low: bursts, or pauses of the process.',
      read: one(({ peak }) => peak),
    },
    {
      name: 'tcp_listener_accept_queue_at_least_seconds_total',
      type: 'counter',
      labels: [...labels, 'fill'],
      help:
        'Time for which the accept queue was at or above this share of the N + 1 connections it holds; fill="1" is ' +
        'full. Each sample stands for the time since the previous one, so the resolution is the sampling interval. ' +
        'A gap in the sampling counts for at most ten intervals, or 250 ms if that is more. With --exact (feature accept_waits) ' +
        'fill="1" is exact to microseconds, except while the queue is full since its limit was changed, which is sampled.',
      source:
        'sum over the samples; with --exact from the connection that filled the queue to the accept() that made room',
      worry: 'Any rate with fill="1" is time during which every new client is turned away.',
      read: each((listener, labels) =>
        fills.map((fill) => ({
          labels: { ...labels, fill },
          value: listener.atLeastSeconds[fill],
          createdMs: listener.seenSinceMs,
        })),
      ),
    },
    {
      name: 'tcp_listener_drops_total',
      type: 'counter',
      labels,
      help:
        'Drops that the kernel counts for this socket (sk_drops). Not all are overflows: 1 for a dropped SYN, 2 for a ' +
        'final ACK dropped by an overflow, and 1 each for a SYN retransmitted for a half-open request, an RST for one, ' +
        'and an ACK ignored because of TCP_DEFER_ACCEPT. Starts at 0 with every new socket. ' +
        'Read every 100 ms, in a namespace in which nothing has waited for a minute every second. ' +
        `A listener without a client so far has it as 0 where a namespace has at most ${FEW_LISTENERS} listeners, so that a rate ` +
        'sees the first burst too; where there are more, only listeners that have had a client have it.',
      source: 'SK_MEMINFO_DROPS of the LISTEN record, corrected for its wrap at 2^32',
      worry: 'It rises together with ListenOverflows of the namespace: clients wait a second or more to connect.',
      read: dropRows,
    },
    {
      name: 'tcp_listener_syn_queue_length',
      type: 'gauge',
      labels,
      help:
        'Half-open requests of this socket alone, with --exact; tcp_port_syn_queue_length has those of all shards together. ' +
        'Read every --syn-interval (100 ms) unless the CPU budget stretches it. Absent without BPF.',
      source: 'icsk_accept_queue.qlen of the listening socket, read by a BPF iterator',
      worry:
        'One shard holds far more than its siblings, or as many as its limit: clients of that shard alone do not get in.',
      read: exactly(({ synQueue }) => synQueue),
    },
    {
      name: 'tcp_listener_syn_queue_young',
      type: 'gauge',
      labels,
      help:
        'Those of them that are younger than a second (their SYN-ACK has not timed out yet), with --exact. Old ones belong to ' +
        'clients that do not answer: a flood, or clients that are gone. Absent without BPF.',
      source: 'icsk_accept_queue.young of the listening socket, read by a BPF iterator',
      worry:
        'It is far below tcp_listener_syn_queue_length: most half-open clients have not answered for a second or more.',
      read: exactly(({ young }) => young),
    },
    {
      name: 'tcp_listener_oldest_wait_seconds',
      type: 'gauge',
      labels,
      help:
        'How long the first connection in the accept queue of this socket has waited since its final ACK, with --exact: exact ' +
        'to a microsecond at the moment of the reading, which is made every --syn-interval (100 ms) unless the CPU budget stretches it. 0 if nobody waits. Absent without BPF.',
      source: 'rcvq_space.time of the first in icsk_accept_queue against CLOCK_MONOTONIC, read by a BPF iterator',
      worry: 'It grows: this shard accepts nobody, whatever its siblings do.',
      read: exactly(({ oldestWaitMs }) => (oldestWaitMs ?? 0) / 1000),
    },
    {
      name: 'tcp_listener_joined_total',
      type: 'counter',
      labels,
      help:
        'Connections that have come into the accept queue of this socket, with --exact (feature peaks): arrivals of each shard. Counted ' +
        'since the exporter began, or the listener. Absent without BPF.',
      source: 'the tracepoint sk_data_ready of the listening socket (Linux 6.3), counted by a BPF program',
      worry: 'Not a warning sign: shards of one port should have about the same rate.',
      read: counted(({ joined }) => joined),
    },
    {
      name: 'tcp_listener_accept_queue_full_total',
      type: 'counter',
      labels,
      help:
        'How often the accept queue has become full, with --exact (feature peaks), however briefly. Where accepts are not watched, also each ' +
        'time that it became full again after somebody was accepted. Absent without BPF.',
      source:
        'sk_ack_backlog above sk_max_ack_backlog at sk_data_ready of the listening socket, counted by a BPF program',
      worry: 'Any rate: whoever comes in such a moment is turned away, and tries again a second later.',
      read: counted(({ timesFull }) => timesFull),
    },
    {
      name: 'tcp_listener_accept_wait_seconds',
      type: 'histogram',
      labels,
      help:
        'How long each accepted connection had waited in the accept queue since its final ACK, with --exact (feature accept_waits), to a ' +
        'microsecond. Counted since the exporter began, or the listener. Connections of TCP Fast Open that are accepted before their ' +
        'final ACK are not in it. Absent without BPF.',
      source:
        'CLOCK_MONOTONIC less rcvq_space.time of the connection when accept() frees its request (tracepoint kmem_cache_free, ' +
        'Linux 6.2), counted by a BPF program',
      worry: 'Its upper quantiles rise above what clients may wait: the process comes to accept() too seldom.',
      read: each(waitRows),
    },
    {
      name: 'tcp_listener_final_ack_drops_total',
      type: 'counter',
      labels,
      help:
        'Final ACKs, or data that stand for them, that were dropped because the accept queue of this socket was full, with --exact (feature ' +
        'drops): the client believes that it is connected. Each attempt counts. Counted since the exporter began, or the listener. ' +
        'Absent without BPF.',
      source:
        'the tracepoint kfree_skb with reason TCP_LISTEN_OVERFLOW (Linux 6.15) and the listening socket (6.11), counted by a BPF program',
      worry: 'Any rate: clients are connected to a server that does not know them.',
      read: counted(({ finalAckDrops }) => finalAckDrops),
    },
    {
      name: 'tcp_listener_syn_drops_total',
      type: 'counter',
      labels,
      help:
        'SYNs that this socket dropped, with --exact (feature drops): each client tries again after a second or more. Of a full accept ' +
        'queue, and with tcp_syncookies=0 of a full SYN queue. Counted since the exporter first read the drops of the listener, of one that ' +
        'began later from its beginning. ' +
        'Absent without BPF.',
      source:
        'sk_drops less what was dropped at this socket otherwise (tracepoint kfree_skb): no tracepoint fires for a SYN',
      worry: 'Any rate: clients wait a second or more to connect.',
      read: counted(({ synDrops }) => synDrops),
    },
    {
      name: 'tcp_listener_acceptors',
      type: 'gauge',
      labels,
      help:
        'Processes that waited for connections at this socket when it was last looked, every ten seconds or more ' +
        'rarely (spillway_owner_search_age_seconds): by epoll, accept(), poll(), select() or io_uring. Not all that hold the ' +
        'socket: with SO_REUSEPORT, for example, each worker of nginx holds all sockets and waits at its own. A worker ' +
        'that is busy with a request, or whose turn it is not (accept mutex), may not wait at that moment. Absent ' +
        'where it cannot be known: without the right to look into a process that may well hold the socket (a parent or a ' +
        'child of one that does, or one of the same service, container or name in its network namespace; for those that ' +
        'block in a call CAP_SYS_PTRACE), or for a ring of io_uring in a process with several listening sockets. Where others may ' +
        'not be looked into (spillway_owner_search_hidden_processes), 0 is likely, and not certain: nobody else is taken to wait.',
      source:
        '/proc/PID/fdinfo of epoll and io_uring, kcmp(), /proc/PID/task/TID/syscall and the arguments of the call',
      worry:
        '0 for longer than a minute: nobody polls this socket, so every client in its queue waits in vain. With workers ' +
        'that block in accept(), 0 means that all of them are busy.',
      read: all(({ acceptors }, labels) => (acceptors === null ? [] : [{ labels, value: acceptors.length }])),
    },
    {
      name: 'tcp_listener_info',
      type: 'gauge',
      labels: [...labels, 'inode', 'cookie', 'uid', 'process', 'pid', ...placeLabels, 'device', 'protocol'],
      help:
        'Identity of the listener; the value is always 1. pid is the process that stands for the socket: the lowest that was ' +
        'seen to accept, otherwise the lowest that holds it, for as long as it does; process is its command. Both are ' +
        'empty where the exporter is not allowed to inspect the process; /snapshot lists all that hold the socket. ' +
        'unit is a unit of systemd, container_id the whole id (the name for LXC and systemd-nspawn). k8s_namespace_name, ' +
        'k8s_pod_name and k8s_container_name are what Kubernetes calls it, where the logs of its node show that; k8s_pod_uid ' +
        'is known without. device is the network device that the socket is bound to. protocol is tcp or mptcp, and empty where ' +
        'the kernel cannot tell (MPTCP before Linux 5.19). A listener of MPTCP, which is what Go opens, has one row, with the ' +
        'cookie of its TCP socket: that one has the queue.',
      source:
        'the LISTEN record, /proc/PID/fd, /proc/PID/cgroup, else the cgroup in which the socket was created; for names of pods ' +
        'the names of files below /var/log/containers and /var/log/pods',
      worry: 'Not a warning sign: join it to another metric to see whose queue it is, as in the examples.',
      read: all((listener, labels) => {
        const { protocol = '', inode, cookie, uid, process, pid, device } = listener
        const own = { inode, cookie, uid, process, pid: pid ?? '', ...placeValues(listener), device, protocol }
        return [{ labels: { ...labels, ...own }, value: 1 }]
      }),
    },
  ],
}
