import { readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseDurationMs, parseListen, parseShare } from '#common/parse.ts'
import { checkSources, type NamespaceSource, parseNamespaceSource } from './sampler/namespace-source.ts'
import { defaultPace, type SamplingPace } from './sampler/pace.ts'

/** How an exporter is to run. */
export interface ExporterOptions {
  listen: ListenTarget
  pace: SamplingPace
  namespaces: NamespaceSource[]
  /** Where the proc file system that shows the processes is mounted. */
  proc: string
  /** The folder in which shard numbers are kept for the next run; undefined keeps none. */
  stateDir: string | undefined
  /** Takes one line for the person who runs it. */
  log(line: string): void
}

export const defaultOptions: ExporterOptions = {
  listen: { host: '127.0.0.1', port: 10_511 },
  pace: defaultPace,
  namespaces: [{ kind: 'self' }],
  proc: '/proc',
  stateDir: undefined,
  log: (line) => console.error(line),
}

export const help = `Usage: spillway exporter [OPTION…]

Reads the TCP queues that the kernel keeps for every listening socket, and serves them to Prometheus.
Needs no privilege for the network namespace it is started in.

  --listen ADDRESS              127.0.0.1:PORT, [::1]:PORT or unix:/path       (127.0.0.1:10511)
  --sample-interval TIME        how often accept queues are read, 1ms to 1s    (10ms)
  --syn-interval TIME           how often half-open requests are counted       (100ms)
  --connections-interval TIME   how often connections are summed up            (1s)
  --cpu-budget SHARE            CPU time that everything except reading accept queues may use, as a share of a core.
                                To stay under it, intervals are stretched: the counters' to 1s at most, the two
                                above to 5s and 15s at most    (2%)
  --peak-window TIME            how long a peak is remembered                  (30s)
  --stream-interval TIME        time between snapshots on /stream              (100ms)
  --netns NAMESPACE             which network namespace to read; may be repeated    (self)
                                  self        the exporter's own
                                  all         every namespace with a process in it, as they come and go
                                  NAME=PATH   the one at /run/netns/FILE or /proc/PID/ns/net, shown as NAME
                                  NAME=PID    the one of a process, shown as NAME
                                CAP_SYS_ADMIN is needed for all, and for any namespace but the exporter's own
  --proc PATH                   where the host's /proc is mounted, if the exporter runs in a container    (/proc)
  --state-dir PATH              a folder in which shard numbers outlive a restart of the exporter; systemd's $STATE_DIRECTORY
                                if that is set, otherwise none
  --help                        this text

Paths: /metrics, /stream and /samples (server-sent events), /snapshot (JSON), /health.
`

export const grammar = {
  command: 'spillway exporter',
  options: {
    listen: { type: 'string' },
    'sample-interval': { type: 'string' },
    'syn-interval': { type: 'string' },
    'connections-interval': { type: 'string' },
    'cpu-budget': { type: 'string' },
    'peak-window': { type: 'string' },
    'stream-interval': { type: 'string' },
    netns: { type: 'string', multiple: true },
    proc: { type: 'string' },
    'state-dir': { type: 'string' },
  },
} as const

type DurationOption = 'sample-interval' | 'syn-interval' | 'connections-interval' | 'stream-interval' | 'peak-window'

/** Reads a command line; undefined when only help is wanted. Throws a UsageError that names the option. */
export const parseOptions = (args: readonly string[]): ExporterOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    const duration = (name: DurationOption, fallbackMs: number, min: number, max: number): number =>
      values[name] === undefined ? fallbackMs : parseDurationMs(`--${name}`, values[name], { min, max })
    const pace: SamplingPace = {
      sampleIntervalMs: duration('sample-interval', defaultPace.sampleIntervalMs, 1, 1000),
      synIntervalMs: duration('syn-interval', defaultPace.synIntervalMs, 1, 60_000),
      connectionsIntervalMs: duration('connections-interval', defaultPace.connectionsIntervalMs, 1, 600_000),
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
      namespaces,
      proc: values.proc ?? defaultOptions.proc,
      stateDir: stateDirectory(values['state-dir']),
    }
  })

/** Of several folders that systemd gives to a service, separated by colons, the first. */
const stateDirectory = (given: string | undefined): string | undefined =>
  given ?? (process.env.STATE_DIRECTORY?.split(':')[0] || undefined)
