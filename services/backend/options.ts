import net from 'node:net'
import { UsageError } from '#common/errors.ts'
import { oneOf, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseCount, parseListen } from '#common/parse.ts'
import type { Mode } from './api.ts'

/** What a backend is given when it starts. */
export interface BackendOptions {
  name: string
  /** An address, never a name: `localhost` would open a socket for each of its addresses. */
  host: string
  /** 0 for a free one. */
  port: number
  backlog: number
  mode: Mode
  /** Processes that accept from the one socket of shared mode; 1 in the other modes. */
  workers: number
  /** Where the control API listens. */
  control: ListenTarget
  /** Starts without listening on the shared port. */
  closed: boolean
}

export const help = `Usage: spillway backend [OPTION…]

An HTTP service on a shared port, with faults that can be switched on.

  --name NAME            its name in responses and metrics, and the process title (backend-1)
  --host ADDRESS         IP address of the shared port (127.0.0.1)
  --port N               the shared port, 0 for a free one (8080)
  --backlog N            limit of the accept queue, which holds N + 1 connections (128)
  --mode MODE            sharded: its own socket, with SO_REUSEPORT
                         shared:  one socket, several processes
                         single:  one socket, one process (sharded)
  --workers N            processes in shared mode (2)
  --control ADDRESS      its control API: HOST:PORT or unix:/path (a free port on 127.0.0.1)
  --closed               start without listening; PUT /listener opens the port
  --help                 this text
`

const modes = ['sharded', 'shared', 'single'] as const satisfies Mode[]

export const grammar = {
  command: 'spillway backend',
  options: {
    name: { type: 'string', default: 'backend-1' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8080' },
    backlog: { type: 'string', default: '128' },
    mode: { type: 'string', default: 'sharded', values: modes },
    workers: { type: 'string' },
    control: { type: 'string', default: '127.0.0.1:0' },
    closed: { type: 'boolean', default: false },
  },
} as const

/** Reads a command line; undefined if it asks for help. Throws a UsageError. */
export const parseBackendOptions = (args: readonly string[]): BackendOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    const mode = oneOf('--mode', values.mode, modes)
    if (values.workers !== undefined && mode !== 'shared')
      throw new UsageError('--workers sets the number of processes in --mode shared', `Leave it out in mode ${mode}`)
    return {
      name: values.name,
      host: values.host,
      port: parseCount('--port', values.port, { max: 65_535 }),
      backlog: parseCount('--backlog', values.backlog, { max: 2_147_483_647 }),
      mode,
      workers: mode === 'shared' ? parseCount('--workers', values.workers ?? '2', { min: 1, max: 64 }) : 1,
      control: parseListen('--control', values.control),
      closed: values.closed,
    }
  })

/** Refuses what no kernel call would explain well: a host that is not an IP address, a name that cannot be in a header. */
export function checkOptions({ host, name }: BackendOptions): void {
  if (net.isIP(host) === 0)
    throw new UsageError(
      `The host '${host}' is not an IP address`,
      'Give an IP address: a name such as localhost would open one socket for each of its addresses',
    )
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new UsageError(
      `The name '${name}' does not consist of 1 to 64 letters, digits, dots, dashes or underscores`,
      'Give another name with --name',
    )
}
