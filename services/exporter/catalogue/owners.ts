/** How well it is known whose the sockets are. */
import type { Held, Metric, MetricGroup } from './metric.ts'

const one = (value: (held: Held) => number | undefined): Metric['read'] =>
  function* row(held) {
    const known = value(held)
    if (known !== undefined) yield { labels: {}, value: known }
  }

export const ownerMetrics: MetricGroup = {
  title: 'The search for owners',
  introduction:
    'Who holds a socket, and who waits at it for connections, stands in the files of all processes below /proc. The ' +
    'exporter walks over them when an unknown socket appears, and otherwise every ten seconds, or more rarely where a ' +
    'walk takes long: 2 % of a core in the long run. Processes that held no such socket are looked into again once a minute: ' +
    'that one of them is passed a descriptor by another is seen so much later.',
  metrics: [
    {
      name: 'spillway_owner_search_age_seconds',
      type: 'gauge',
      labels: [],
      help:
        'Time since the last walk over all processes: the age of process, pid and tcp_listener_acceptors. Absent before ' +
        'the first, and once its result is too old to be shown: after three intervals.',
      source: "the exporter's clock",
      worry: 'Above a minute: see spillway_sample_errors_total{kind="owners"}, and how long a walk takes.',
      read: one(({ owners }) => owners.ageSeconds),
    },
    {
      name: 'spillway_owner_searches_total',
      type: 'counter',
      labels: [],
      help: 'Walks over all processes that have ended well.',
      source: 'the main thread',
      worry: 'Not a warning sign: divide the CPU time by it.',
      read: one(({ owners }) => owners.walks),
    },
    {
      name: 'spillway_owner_search_cpu_seconds_total',
      type: 'counter',
      labels: [],
      help: 'CPU time of these walks, and of those that failed.',
      source: 'getrusage of the main thread',
      worry: 'A rate above 0.05: listeners come and go all the time, on a host with very many processes.',
      read: one(({ owners }) => owners.cpuSeconds),
    },
    {
      name: 'spillway_owner_search_hidden_processes',
      type: 'gauge',
      labels: [],
      help: 'Processes that the last walk was not allowed to look into. Absent if there is none.',
      source: 'EACCES from /proc/PID/fd',
      worry:
        'You miss the owners of listeners: run the exporter as root, or give it CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.',
      read: one(({ owners }) => owners.hidden || undefined),
    },
  ],
}
