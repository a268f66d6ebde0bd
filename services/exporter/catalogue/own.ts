/** What the exporter itself costs, and whether it works. */
import { dumpKinds } from '../sampler/message.ts'
import type { DumpHealth } from '../snapshot.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

const one = (value: (held: Held) => number | undefined): Metric['read'] =>
  function* row(held) {
    const known = value(held)
    if (known !== undefined) yield { labels: {}, value: known }
  }

/** A counter, and when it was 0. */
const counted = (
  value: (held: Held) => number | undefined,
  createdMs: (held: Held) => number | undefined,
): Metric['read'] =>
  function* row(held) {
    const known = value(held)
    if (known !== undefined) yield { labels: {}, value: known, createdMs: createdMs(held) }
  }

const sinceProcess = ({ processStartedMs }: Held): number => processStartedMs
const sinceSampler = ({ raw }: Held): number | undefined => raw?.startedMs

const byKind = (value: (health: DumpHealth) => number): Metric['read'] =>
  function* rows({ raw }) {
    if (raw === undefined) return
    const { listeners, synQueue: syn_queue, connections, counters, outgoing, unix, udp, limits } = raw.sampler.dumps
    const dumps = { listeners, syn_queue, connections, counters, outgoing, unix, udp, limits }
    for (const [kind, health] of Object.entries(dumps))
      if (health !== undefined) yield { labels: { kind }, value: value(health), createdMs: raw.startedMs }
  }

/** Of all namespaces, those that are no longer read included; by kind. */
const costs = (cost: 'count' | 'sumSeconds' | 'cpuSeconds', suffix?: string): Metric['read'] =>
  function* rows({ snapshot, raw }) {
    if (snapshot === undefined || raw === undefined) return
    for (const kind of dumpKinds) {
      const value = raw.namespaces.reduce((sum, { costs }) => sum + costs[kind][cost], raw.departed[kind][cost])
      yield { labels: { kind }, value, createdMs: raw.startedMs, ...(suffix !== undefined && { suffix }) }
    }
  }

export const ownMetrics: MetricGroup = {
  title: 'The exporter itself',
  introduction:
    'What sampling costs, and how well it keeps to its schedule. An exporter that says nothing about itself cannot be ' +
    'trusted.',
  metrics: [
    {
      name: 'spillway_exporter_info',
      type: 'gauge',
      labels: ['version', 'kernel', 'node'],
      help: 'Version of the exporter, of the kernel and of Node; the value is always 1.',
      source: 'the package, uname, Node',
      worry: 'Not a warning sign: for comparing hosts.',
      read: ({ version, kernel, node }) => [{ labels: { version, kernel, node }, value: 1 }],
    },
    {
      name: 'spillway_exact_feature',
      type: 'gauge',
      labels: ['feature'],
      help:
        'Whether what --exact asks for is had: shards is half-open requests and the oldest wait of each listener, waiting who waits there in which order, peaks its peak and ' +
        'what comes, accept_waits how long it is full and clients wait, drops the SYNs and final ACKs that it drops. 0 if the kernel ' +
        'refuses it or it contradicts sock_diag; the log and /health say why. Absent without --exact.',
      source: 'the exporter',
      worry: '0 where it was 1: the numbers of each listener that BPF tells are absent, and peaks are sampled.',
      read: function* ({ raw }) {
        for (const [feature, why] of Object.entries(raw?.sampler.exactFeatures ?? {}))
          yield { labels: { feature }, value: why === null ? 1 : 0 }
      },
    },
    {
      name: 'spillway_exact_events_missed_total',
      type: 'counter',
      labels: [],
      help:
        'Events at listeners that BPF programs did not count, as far as that is known: there was no room for another listener ' +
        '(4096 at which anything happens), or sock_diag shows another number of connections than have come and gone. ' +
        'With installed programs also readings that came too late to tell all peaks. ' +
        'Absent without --exact.',
      source: 'the count of the programs, and the comparison with sock_diag',
      worry:
        'It is no longer a tiny share of tcp_listener_joined_total: where sock_diag shows that more than 1 % are missing, the exporter gives up watching.',
      read: counted(({ raw }) => raw?.sampler.eventsMissed, sinceSampler),
    },
    {
      name: 'spillway_exporter_namespace_hidden_processes',
      type: 'gauge',
      labels: [],
      help:
        'Processes whose network namespace the last search of --netns all was not allowed to look at. A namespace in which only ' +
        'such processes live, and that has no name in /run/netns, is not read. Absent without --netns all.',
      source: 'EACCES from /proc/PID/ns/net',
      worry:
        'Above 0: containers are missing. Give the exporter CAP_SYS_PTRACE besides CAP_SYS_ADMIN, or run it as root.',
      read: one(({ unreadNamespaces }) => unreadNamespaces?.processes),
    },
    {
      name: 'spillway_exporter_namespaces_unread',
      type: 'gauge',
      labels: [],
      help:
        'Network namespaces that the last search of --netns all found and that are not read. Those that have just come are among ' +
        'them for a moment. Absent without --netns all.',
      source: 'the search, and what is read',
      worry: 'Above 0 for longer than a minute: the log and spillway_sample_errors_total{kind="namespace"} say why.',
      read: one(({ unreadNamespaces }) => unreadNamespaces?.namespaces),
    },
    {
      name: 'spillway_exporter_namespace_info',
      type: 'gauge',
      labels: ['netns', 'name', 'inode', 'source'],
      help:
        'The network namespaces that are read; the value is always 1. source is self for the one the exporter runs in, ' +
        'otherwise the path by which it was opened. name is that of a file below /run/netns or /run/docker/netns, as far ' +
        'as the exporter may look there. No other namespace is read.',
      source: 'the --netns options and the namespaces that they name',
      worry:
        "Your service's namespace is not among them: the exporter does not read it. `lsns -t net` lists the inodes.",
      *read({ snapshot, raw }) {
        const names = new Map(snapshot?.namespaces.map(({ inode, name }) => [inode, name]))
        for (const { netns, inode, source } of snapshot === undefined ? [] : (raw?.namespaces ?? []))
          yield { labels: { netns, name: names.get(inode) ?? '', inode, source }, value: 1 }
      },
    },
    {
      name: 'spillway_exporter_listeners_left_out',
      type: 'gauge',
      labels: ['netns'],
      help:
        'Listeners that are not shown, because there are more than --max-listeners: those are left out first that no ' +
        'client has ever used. Absent while none is.',
      source: 'the sampler',
      worry:
        'Any: a full queue among them is seen only once it is used. Raise --max-listeners, or name those you need.',
      *read({ snapshot }) {
        for (const { netns, listenersLeftOut = 0 } of snapshot?.namespaces ?? [])
          if (listenersLeftOut > 0) yield { labels: { netns }, value: listenersLeftOut }
      },
    },
    {
      name: 'spillway_exporter_snapshot_age_seconds',
      type: 'gauge',
      labels: [],
      help:
        'Age of the numbers in this scrape. After 5 s (or 50 intervals) without a snapshot only the metrics of this ' +
        'group are given, and /health answers 503.',
      source: "the exporter's clock",
      worry: 'Above a second.',
      read: one(({ snapshotAgeSeconds }) => snapshotAgeSeconds),
    },
    {
      name: 'spillway_exporter_sampler_restarts_total',
      type: 'counter',
      labels: [],
      help: 'How often the sampler thread died and was restarted. A restart resets the peaks and the times at a fill.',
      source: 'the main thread',
      worry: 'Any restart: the log says why.',
      read: counted(({ samplerRestarts }) => samplerRestarts, sinceProcess),
    },
    {
      name: 'spillway_exporter_cpu_seconds_total',
      type: 'counter',
      labels: [],
      help: 'CPU time of the sampler thread, in user and kernel mode.',
      source: 'CLOCK_THREAD_CPUTIME_ID of the thread',
      worry: 'It costs more than you want to pay: use a longer --sample-interval or a smaller --cpu-budget.',
      read: counted(({ raw }) => raw?.sampler.cpuSeconds, sinceSampler),
    },
    {
      name: 'spillway_exporter_process_cpu_seconds_total',
      type: 'counter',
      labels: [],
      help: 'CPU time of the whole exporter: the sampler, HTTP, and the search for owners.',
      source: 'getrusage of the process',
      worry: 'As above; with many processes on the host, the search for owners takes a part of it.',
      read: counted(({ processCpuSeconds }) => processCpuSeconds, sinceProcess),
    },
    {
      name: 'spillway_exporter_look_cpu_seconds_total',
      type: 'counter',
      labels: [],
      help:
        'CPU time of the sampler thread for readings that somebody asked for at once (/snapshot?now=true). Absent before ' +
        'the first.',
      source: 'getrusage of the sampler thread, before and after each',
      worry: 'A steady rate: somebody asks again and again. --look-budget bounds it.',
      read: counted(({ raw }) => (raw?.lookCpuSeconds === 0 ? undefined : raw?.lookCpuSeconds), sinceSampler),
    },
    {
      name: 'spillway_samples_total',
      type: 'counter',
      labels: ['kind'],
      help: `Dumps made, over all namespaces, of each kind: ${dumpKinds.join(', ')}.`,
      source: 'the sampler',
      worry: 'A rate below what was asked for: see the interval and the late samples.',
      read: byKind(({ count }) => count),
    },
    {
      name: 'spillway_samples_late_total',
      type: 'counter',
      labels: [],
      help:
        'Samples that began more than half an interval after their scheduled time. Samples missed altogether are ' +
        'skipped, not made up for.',
      source: 'the schedule, on the monotonic clock',
      worry: 'More than a few per cent: the machine has no CPU to spare, and bursts may be missed.',
      read: counted(({ raw }) => raw?.sampler.late, sinceSampler),
    },
    {
      name: 'spillway_sample_errors_total',
      type: 'counter',
      labels: ['kind', 'code'],
      help:
        'Dumps that failed, by kind and errno, namespaces that could not be opened or looked for (kind="namespace"), and ' +
        'searches for the owners of sockets that failed (kind="owners").',
      source: 'the sampler, and the main thread',
      worry: 'Any rate: the numbers of that kind are getting old.',
      *read({ raw, owners }) {
        for (const { kind, code, count } of raw?.errors ?? [])
          yield { labels: { kind, code }, value: count, createdMs: raw?.startedMs }
        for (const [code, count] of owners.errors) yield { labels: { kind: 'owners', code }, value: count }
      },
    },
    {
      name: 'spillway_sample_interval_seconds',
      type: 'gauge',
      labels: ['kind'],
      help:
        'Time between the last two dumps of a kind, the longest over the namespaces: as asked for, or stretched by the ' +
        'CPU budget.',
      source: 'the sampler',
      worry: 'syn_queue or connections far above what was asked for: the CPU budget stretches them.',
      read: byKind(({ intervalSeconds }) => intervalSeconds),
    },
    {
      name: 'spillway_sample_age_seconds',
      type: 'gauge',
      labels: ['kind', 'netns'],
      help:
        'Age of the numbers of a kind in this scrape: the time since the start of the last dump that the kernel ' +
        'answered. Absent for a kind that was never read. Above spillway_sample_age_limit_seconds the numbers of that ' +
        'kind are left out of the scrape, of /snapshot and of /stream.',
      source: 'the sampler, on the monotonic clock',
      worry:
        'Several times the interval that was asked for: the machine has no CPU to spare for the sampler, or its dumps ' +
        'fail.',
      *read({ raw, monotonicMs }) {
        for (const { netns, costs } of raw?.namespaces ?? [])
          for (const kind of dumpKinds) {
            const { readMs } = costs[kind]
            if (readMs !== null) yield { labels: { kind, netns }, value: (monotonicMs - readMs) / 1000 }
          }
      },
    },
    {
      name: 'spillway_sample_age_limit_seconds',
      type: 'gauge',
      labels: ['kind'],
      help: 'How old the numbers of a kind may get before they are left out: three of its intervals, and at least 5 s.',
      source: 'the intervals asked for, and the CPU budget',
      worry: 'An age above it: the alert SpillwayExporterStale rests on that.',
      *read({ raw }) {
        for (const kind of dumpKinds) {
          const limits = (raw?.namespaces ?? []).map(({ costs }) => costs[kind].goodForMs)
          if (limits.length > 0) yield { labels: { kind }, value: Math.max(...limits) / 1000 }
        }
      },
    },
    {
      name: 'spillway_sample_cpu_seconds_total',
      type: 'counter',
      labels: ['kind'],
      help: 'CPU time that the dumps of a kind have taken in all namespaces, in user and kernel mode.',
      source: 'CLOCK_THREAD_CPUTIME_ID of the sampler thread, before and after each dump',
      worry: 'Its rate is the share of a core that a kind takes. The CPU budget bounds every kind except listeners.',
      read: costs('cpuSeconds'),
    },
    {
      name: 'spillway_sample_duration_seconds',
      type: 'summary',
      labels: ['kind'],
      help:
        'Duration of the dumps in all namespaces as sum and count: wall time, both address families together. On a busy machine ' +
        'most of it is time that the thread spent waiting for a CPU.',
      source: 'the sampler, on the monotonic clock',
      worry: 'Far above spillway_sample_cpu_seconds_total: the machine has no CPU to spare.',
      *read(held) {
        yield* costs('sumSeconds', '_sum')(held)
        yield* costs('count', '_count')(held)
      },
    },
    {
      name: 'spillway_sample_duration_max_seconds',
      type: 'gauge',
      labels: ['kind'],
      help: 'The longest dump of any namespace within the peak window. No listener was sampled while it ran.',
      source: 'the sampler, on the monotonic clock',
      worry: 'Longer than the sampling interval: bursts during that time show only in the drops.',
      *read({ snapshot, raw }) {
        if (snapshot === undefined || raw === undefined) return
        for (const kind of dumpKinds) {
          const longest = raw.namespaces.map(({ costs }) => costs[kind].maxSeconds)
          if (longest.length > 0) yield { labels: { kind }, value: Math.max(...longest) }
        }
      },
    },
  ],
}
