import { UsageError } from '#common/errors.ts'
import { type ListenTarget, parseCount, parseDurationMs, parseListen, parseRate } from '#common/parse.ts'
import type { LabOptions } from '#lab/lab.ts'
import { readArguments } from '../arguments.ts'

export const help = `Usage: spillway up [OPTION…]

Starts a lab in network namespaces of its own and shows its queues: backends that share one
port, clients on another host, an exporter that reads what the kernel says.

  --backends N            how many backends share the port (default 3, at most 32)
  --backlog N             the backlog that each asks for (default 128)
  --mode MODE             sharded: a socket each, SO_REUSEPORT (default)
                          shared: one socket, N processes; single: one process
  --rate N                new connections a second of the gentle load (default 300; 0 for none)
  --metrics HOST:PORT     where /metrics is served (default 127.0.0.1:10511; port 0 for any)
  --board HOST:PORT       where the live board is served (default 127.0.0.1:10510; port 0 for any; off)
  --sample-interval TIME  how often the accept queues are read (default 10ms)
  --sysctl NAME=VALUE     set in the server's network namespace, again for more
  --json                  print every snapshot as one JSON object a line, and nothing else; no board unless asked for
  --help                  this text

Keys in the live view are shown below it. Without a terminal it prints a line a second.
`

export interface UpOptions {
  lab: LabOptions
  ratePerSecond: number
  metrics: ListenTarget
  /** Undefined if there is to be none. */
  board: ListenTarget | undefined
  json: boolean
}

/** Reads the options of `spillway up`; undefined if it was asked for help. Throws a UsageError that names the option. */
export function readOptions(args: string[]): UpOptions | undefined {
  const { values } = parse(args)
  if (values.help) return undefined
  const mode = values.mode
  if (mode !== 'sharded' && mode !== 'shared' && mode !== 'single')
    throw new UsageError(`--mode '${mode}' is none of sharded, shared, single`)
  const backends = parseCount('--backends', values.backends, { min: 1, max: 32 })
  if (mode === 'single' && values.backends !== '3' && backends !== 1)
    throw new UsageError('--mode single has one backend', 'Leave --backends out, or choose --mode sharded or shared')
  const backlog = parseCount('--backlog', values.backlog, { max: 2_147_483_647 })
  const metrics = parseListen('--metrics', values.metrics)
  return {
    lab: {
      mode,
      // In mode `shared` the backends are processes of one socket: one control API, N workers.
      backends:
        mode === 'sharded'
          ? Array.from({ length: backends }, () => ({ backlog }))
          : [{ backlog, ...(mode === 'shared' ? { workers: backends } : {}) }],
      // Ages and bytes are looked at: four times a second is still cheap in a table of the lab's own.
      connectionsIntervalMs: 250,
      sampleIntervalMs: parseDurationMs('--sample-interval', values['sample-interval'], { min: 1, max: 1000 }),
      sysctls: Object.fromEntries(values.sysctl.map(parseSysctl)),
    },
    ratePerSecond: values.rate === '0' ? 0 : parseRate('--rate', values.rate, { max: 100_000 }),
    metrics,
    board: boardTarget(values.board, values.json),
    json: values.json,
  }
}

/** With --json a program reads what is printed: it gets a board only if it asks for one. */
function boardTarget(text: string | undefined, json: boolean): ListenTarget | undefined {
  if (text === 'off' || (text === undefined && json)) return undefined
  return parseListen('--board', text ?? '127.0.0.1:10510')
}

function parse(args: string[]) {
  return readArguments('up', {
    args,
    options: {
      backends: { type: 'string', default: '3' },
      backlog: { type: 'string', default: '128' },
      mode: { type: 'string', default: 'sharded' },
      rate: { type: 'string', default: '300' },
      metrics: { type: 'string', default: '127.0.0.1:10511' },
      board: { type: 'string' },
      'sample-interval': { type: 'string', default: '10ms' },
      sysctl: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
}

function parseSysctl(text: string): [name: string, value: string] {
  const match = /^([a-z0-9_./]+)=(.+)$/.exec(text)
  if (match === null)
    throw new UsageError(`--sysctl '${text}' is not NAME=VALUE`, 'For example --sysctl net.ipv4.tcp_syncookies=0')
  return [match[1]!, match[2]!]
}
