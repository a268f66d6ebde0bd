import { UsageError } from '#common/errors.ts'
import { nearest } from '#common/nearest.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseCount, parseDurationMs, parseListen, parseRate } from '#common/parse.ts'
import type { LabOptions } from '#lab/lab.ts'
import { shownPace } from '#live/shown-pace.ts'
import { readServer, refuseBackendOptions, serverHelp, serverOptions, splitCommand } from '../server/options.ts'

export const help = `Usage: spillway up [OPTION…] [-- COMMAND…]

Starts a lab in its own network namespaces and shows its queues: backends that share one
port, clients on another host, and an exporter that reads the queues from the kernel.

  --backends N            how many backends share the port (default 3, at most 32)
  --backlog N             the backlog that each passes to listen() (default 128)
  --mode MODE             sharded: one socket per backend, with SO_REUSEPORT (default)
                          shared: one socket, N processes; single: one process
  --rate N                new connections per second of the gentle load (default 300; 0: no load)
  --metrics HOST:PORT     where /metrics is served (default 127.0.0.1:10511; port 0: any free port)
  --board HOST:PORT       where the live board is served (default 127.0.0.1:10510; port 0: any free port; off: no board)
  --sample-interval TIME  how often the accept queues are read (default 10ms)
  --exact auto|on|off     reads by BPF what nothing else tells: the half-open requests of each shard, and its oldest wait;
                          needs root. auto goes on without it (default off)
  --sysctl NAME=VALUE     sysctl to set in the server's network namespace; repeat for more
  --json                  print every snapshot as one JSON object per line, and nothing else; no board unless asked for
  --help                  this text

${serverHelp}
The keys are shown below the live view. Without a terminal, one line per second is printed.
`

export interface UpOptions {
  lab: LabOptions
  ratePerSecond: number
  metrics: ListenTarget
  /** Undefined if there is to be none. */
  board: ListenTarget | undefined
  json: boolean
}

const exactWishes = ['auto', 'on', 'off'] as const
const modes = ['sharded', 'shared', 'single'] as const

export const grammar = {
  command: 'spillway up',
  options: {
    backends: { type: 'string' },
    backlog: { type: 'string' },
    mode: { type: 'string', values: modes },
    rate: { type: 'string', default: '300' },
    metrics: { type: 'string', default: '127.0.0.1:10511' },
    board: { type: 'string', words: ['off'] },
    'sample-interval': { type: 'string', default: '10ms' },
    exact: { type: 'string', values: exactWishes, default: 'off' },
    sysctl: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    ...serverOptions,
  },
} as const satisfies Grammar

/** Reads the options of `spillway up`; undefined if help was asked for. Throws a UsageError that names the option. */
export function readOptions(args: readonly string[]): UpOptions | undefined {
  const { args: ours, command } = splitCommand(args)
  return readCommandLine(grammar, ours, ({ values }) => {
    const metrics = parseListen('--metrics', values.metrics)
    const server = readServer(command, values)
    if (command !== undefined) refuseBackendOptions(values, ['backends', 'backlog', 'mode'])
    return {
      lab: {
        ...(command === undefined ? ownBackends(values) : server),
        ...shownPace,
        sampleIntervalMs: parseDurationMs('--sample-interval', values['sample-interval'], { min: 1, max: 1000 }),
        exact: oneOf('--exact', values.exact, exactWishes),
        sysctls: readSysctls(values.sysctl),
      },
      ratePerSecond: values.rate === '0' ? 0 : parseRate('--rate', values.rate, { max: 100_000 }),
      metrics,
      board: boardTarget(values.board, values.json),
      json: values.json,
    }
  })
}

function ownBackends(said: {
  mode?: string | undefined
  backends?: string | undefined
  backlog?: string | undefined
}): Pick<LabOptions, 'mode' | 'backends'> {
  const mode = oneOf('--mode', said.mode ?? 'sharded', modes)
  const backends = parseCount('--backends', said.backends ?? '3', { min: 1, max: 32 })
  if (mode === 'single' && said.backends !== undefined && backends !== 1)
    throw new UsageError('--mode single has one backend', 'Leave --backends out, or choose --mode sharded or shared')
  const backlog = parseCount('--backlog', said.backlog ?? '128', { max: 2_147_483_647 })
  return {
    mode,
    // In mode `shared` the backends are processes of one socket: one control API, N workers.
    backends:
      mode === 'sharded'
        ? Array.from({ length: backends }, () => ({ backlog }))
        : [{ backlog, ...(mode === 'shared' ? { workers: backends } : {}) }],
  }
}

/** With --json a program reads what is printed: it gets a board only if it asks for one. */
function boardTarget(text: string | undefined, json: boolean): ListenTarget | undefined {
  if (text === 'off' || (text === undefined && json)) return undefined
  if (text !== undefined && nearest(text, ['off']) !== undefined)
    throw new UsageError(`--board '${text}' is not an address; did you mean off?`)
  return parseListen('--board', text ?? '127.0.0.1:10510')
}

function readSysctls(texts: readonly string[]): Record<string, string> {
  const sysctls: Record<string, string> = {}
  for (const text of texts) {
    const [name, value] = parseSysctl(text)
    if (Object.hasOwn(sysctls, name))
      throw new UsageError(`--sysctl sets ${name} twice`, 'Leave one out: the second would overwrite the first')
    sysctls[name] = value
  }
  return sysctls
}

const example = 'For example --sysctl net.ipv4.tcp_syncookies=0'

/** Whether the kernel has it and accepts the value is checked in the lab, whose network namespace has its own sysctls. */
function parseSysctl(text: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  if (name === '' || value.trim() === '' || /\p{Cc}/u.test(value.replaceAll('\t', ' ')))
    throw new UsageError(`--sysctl '${text}' is not NAME=VALUE`, example)
  if (!/^[\w-]+([./][\w-]+)*$/.test(name)) throw new UsageError(`--sysctl '${text}' does not name a sysctl`, example)
  if (!/^net[./]/.test(name))
    throw new UsageError(
      `--sysctl '${text}' is not a network sysctl: a lab has its own values only for names that begin with net.`,
      'Leave it out: it belongs to the whole machine, which a lab does not change',
    )
  return [name, value]
}
