import { oneOf, readCommandLine } from '#common/options.ts'
import {
  type ListenTarget,
  parseCount,
  parseDurationMs,
  parseHostName,
  parseListen,
  parseShare,
} from '#common/parse.ts'
import { defaultLimits, type Limits } from './http/limits.ts'
import { listenerPattern, portPatterns } from './listener-patterns.ts'
import { ceilingsMs } from './sampler/budgets.ts'
import { checkSources, type NamespaceSource, parseNamespaceSource } from './sampler/namespace-source.ts'
import { defaultPace, type SamplingPace } from './sampler/pace.ts'
import { defaultSelection, type Selection } from './sampler/selection.ts'

/** How an exporter is to run. */
export interface ExporterOptions {
  listen: ListenTarget
  pace: SamplingPace
  selection: Selection
  /** Whether listeners are read by BPF too: where that can be done, or not at all without it. */
  exact: (typeof exactWishes)[number]
  namespaces: NamespaceSource[]
  /** Where the proc file system that shows the processes is mounted. */
  proc: string
  /** The folder in which shard numbers are kept for the next run; undefined keeps none. */
  stateDir: string | undefined
  /** The file of --web.config.file: TLS, users, headers. Undefined where everybody who can connect is let in. */
  webConfigFile: string | undefined
  /** Serves /metrics and nothing else. */
  metricsOnly: boolean
  /** Names by which a browser may reach it, beside those that the host knows itself. */
  allowedHosts: string[]
  /** What its readers may take, all together. */
  limits: Limits
  /** The share of one core, in CPU time, that readings may cost that are asked for at once. */
  lookShare: number
  /** Takes one line for the person who runs it. */
  log(line: string): void
}

export const defaultOptions: ExporterOptions = {
  listen: { host: '127.0.0.1', port: 10_511 },
  pace: defaultPace,
  selection: defaultSelection,
  exact: 'off',
  namespaces: [{ kind: 'self' }],
  proc: '/proc',
  stateDir: undefined,
  webConfigFile: undefined,
  metricsOnly: false,
  allowedHosts: [],
  limits: defaultLimits,
  lookShare: 0.02,
  log: (line) => console.error(line),
}

const ceiling = (kind: keyof typeof ceilingsMs): string => `${ceilingsMs[kind] / 1000}s`

export const help = `Usage: spillway exporter [OPTION…]

Reads the TCP queues that the kernel keeps for every listening socket, and serves them to Prometheus.
Needs no privilege for the network namespace it is started in.

  --listen ADDRESS              127.0.0.1:PORT, [::1]:PORT or unix:/path       (127.0.0.1:10511)
  --sample-interval TIME        how often accept queues are read, 1ms to 1s    (10ms)
  --quiet-interval TIME         how often they are read in a namespace in which nothing has waited for a minute: once a second
                                at least, and less often where many such namespaces would take more than 1.5% of a core;
                                from the first reading that finds anything again as above    (100ms)
  --syn-interval TIME           how often half-open requests are counted       (100ms)
  --connections-interval TIME   how often connections are summed up            (1s)
  --outgoing-interval TIME      how often outgoing connections are counted     (5s)
  --destinations COUNT          how many destinations of outgoing connections are named, the rest is "other"    (10)
  --exact auto|on|off           reads by BPF what nothing else tells: half-open requests of each listener, and the wait of the
                                first in its queue, every --syn-interval; and what happens between the samples: exact peaks,
                                time at the limit, waits until accept(), dropped SYNs and final ACKs, as far as the kernel
                                lets them be watched. Needs Linux 5.12 (6.3 for what happens, 6.15 for all of it), and CAP_BPF
                                and CAP_PERFMON, or CAP_SYS_ADMIN, or that 'spillway exact install' has loaded the programs for
                                this user. auto goes on without what cannot be had and says why; on ends then, unless it is
                                the drops alone    (off)
  --cpu-budget SHARE            CPU time that everything except reading accept queues may use, as a share of a core.
                                To stay under it, intervals are stretched, at most to: counters ${ceiling('counters')},
                                half-open requests ${ceiling('syn_queue')}, connections ${ceiling('connections')}, outgoing connections ${ceiling('outgoing')},
                                UNIX listeners ${ceiling('unix')}, UDP sockets ${ceiling('udp')}, settings and sockstat ${ceiling('limits')}    (2%)
  --peak-window TIME            how long a peak is remembered                  (30s)
  --stream-interval TIME        time between snapshots on /stream              (100ms)
  --netns NAMESPACE             which network namespace to read; may be repeated    (self)
                                  self        the exporter's own
                                  all         every namespace with a process in it, as they come and go
                                  NAME=PATH   the one at /run/netns/FILE or /proc/PID/ns/net, shown as NAME
                                  NAME=PID    the one of a process, shown as NAME
                                Any but the exporter's own needs CAP_SYS_ADMIN; CAP_SYS_PTRACE shows those of other users'
                                processes. With all, and without the second, only those with a name in /run/netns or a
                                process of the exporter's own user are found, and the rest is counted and said
  --proc PATH                   where the host's /proc is mounted, if the exporter runs in a container    (/proc)
  --state-dir PATH              a folder in which shard numbers outlive a restart of the exporter; systemd's $STATE_DIRECTORY
                                if that is set, otherwise none
  --web.config.file FILE        TLS, users and headers, in the form of Prometheus' exporter-toolkit: docs/exporter.md
  --metrics-only                serves /metrics, and nothing else
  --allow-host NAME             a name by which browsers may reach everything but /metrics, beside IP addresses,
                                localhost and this host's own names; may be repeated
  --look-budget SHARE           CPU time that /snapshot?now=true may use, as a share of a core; beyond it, the answer is
                                what was read last    (2%)
  --ports LIST                  shows only listeners at these ports: 80,443,8000-8999
  --listeners ADDRESS:PORT      shows only these listeners; * stands for any address or port; may be repeated, and adds to --ports
  --max-listeners N             listeners shown in one namespace, 1 to 1000000; beyond it those are left out first that no client
                                has ever used    (10000)
  --max-connections N           connections at the same time, 1 to 65535       (512)
  --max-readers N               readers of /stream and /samples at the same time, 1 to 65535    (128)
  --help                        this text

Paths: /metrics, /stream and /samples (server-sent events), /snapshot (JSON), /health.
`

const exactWishes = ['auto', 'on', 'off'] as const

export const grammar = {
  command: 'spillway exporter',
  options: {
    listen: { type: 'string' },
    'sample-interval': { type: 'string' },
    'quiet-interval': { type: 'string' },
    'syn-interval': { type: 'string' },
    'connections-interval': { type: 'string' },
    'outgoing-interval': { type: 'string' },
    destinations: { type: 'string' },
    exact: { type: 'string', values: exactWishes },
    'cpu-budget': { type: 'string' },
    'peak-window': { type: 'string' },
    'stream-interval': { type: 'string' },
    netns: { type: 'string', multiple: true, words: ['self', 'all'] },
    proc: { type: 'string', path: 'folder' },
    'state-dir': { type: 'string', path: 'folder' },
    'web.config.file': { type: 'string', path: 'file' },
    'metrics-only': { type: 'boolean' },
    'allow-host': { type: 'string', multiple: true },
    'look-budget': { type: 'string' },
    ports: { type: 'string' },
    listeners: { type: 'string', multiple: true },
    'max-listeners': { type: 'string' },
    'max-connections': { type: 'string' },
    'max-readers': { type: 'string' },
  },
} as const

type DurationOption =
  | 'sample-interval'
  | 'quiet-interval'
  | 'syn-interval'
  | 'connections-interval'
  | 'outgoing-interval'
  | 'stream-interval'
  | 'peak-window'

/** Reads a command line; undefined when only help is wanted. Throws a UsageError that names the option. */
export const parseOptions = (args: readonly string[]): ExporterOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    const duration = (name: DurationOption, fallbackMs: number, min: number, max: number): number =>
      values[name] === undefined ? fallbackMs : parseDurationMs(`--${name}`, values[name], { min, max })
    const count = (name: 'max-connections' | 'max-readers', fallback: number): number =>
      values[name] === undefined ? fallback : parseCount(`--${name}`, values[name], { min: 1, max: 65_535 })
    const pace: SamplingPace = {
      sampleIntervalMs: duration('sample-interval', defaultPace.sampleIntervalMs, 1, 1000),
      quietIntervalMs: duration('quiet-interval', defaultPace.quietIntervalMs, 1, 10_000),
      synIntervalMs: duration('syn-interval', defaultPace.synIntervalMs, 1, 60_000),
      connectionsIntervalMs: duration('connections-interval', defaultPace.connectionsIntervalMs, 1, 600_000),
      outgoingIntervalMs: duration('outgoing-interval', defaultPace.outgoingIntervalMs, 100, 600_000),
      outgoingDestinations:
        values.destinations === undefined
          ? defaultPace.outgoingDestinations
          : parseCount('--destinations', values.destinations, { min: 1, max: 1000 }),
      streamIntervalMs: duration('stream-interval', defaultPace.streamIntervalMs, 10, 60_000),
      peakWindowMs: duration('peak-window', defaultPace.peakWindowMs, 1000, 3_600_000),
      cpuShare:
        values['cpu-budget'] === undefined ? defaultPace.cpuShare : parseShare('--cpu-budget', values['cpu-budget']),
    }
    const namespaces = values.netns?.map((text) => parseNamespaceSource('--netns', text)) ?? defaultOptions.namespaces
    checkSources('--netns', namespaces)
    return {
      ...defaultOptions,
      listen: values.listen === undefined ? defaultOptions.listen : parseListen('--listen', values.listen),
      pace,
      selection: {
        wanted: [
          ...(values.ports === undefined ? [] : portPatterns(values.ports)),
          ...(values.listeners ?? []).map(listenerPattern),
        ],
        most:
          values['max-listeners'] === undefined
            ? defaultSelection.most
            : parseCount('--max-listeners', values['max-listeners'], { min: 1, max: 1_000_000 }),
      },
      exact: values.exact === undefined ? defaultOptions.exact : oneOf('--exact', values.exact, exactWishes),
      namespaces,
      proc: values.proc ?? defaultOptions.proc,
      stateDir: stateDirectory(values['state-dir']),
      webConfigFile: values['web.config.file'],
      metricsOnly: values['metrics-only'] ?? false,
      allowedHosts: values['allow-host']?.map((name) => parseHostName('--allow-host', name)) ?? [],
      limits: {
        connections: count('max-connections', defaultLimits.connections),
        readers: count('max-readers', defaultLimits.readers),
      },
      lookShare:
        values['look-budget'] === undefined
          ? defaultOptions.lookShare
          : parseShare('--look-budget', values['look-budget']),
    }
  })

/** Of several folders that systemd gives to a service, separated by colons, the first. */
const stateDirectory = (given: string | undefined): string | undefined =>
  given ?? (process.env.STATE_DIRECTORY?.split(':')[0] || undefined)
