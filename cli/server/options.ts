/** The command of a server of one's own behind `--`, and what is said about it: `up`, `run` and others take the same. */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { parseCount } from '#common/parse.ts'
import { reasonOf } from '#common/system-errors.ts'
import { ordersOf } from '#findings/servers/orders.ts'
import type { ServerPlan } from '#lab/driver.ts'

export const serverHelp = `A server of your own takes the place of the backends: give its command behind --

  {address} and {port} in it are filled in, and HOST and PORT are in its environment. It may fork, or become a daemon.

  --port N                where it listens (default 8080, or wherever it is found to)
  --ready PATH            it is ready when this path answers (default: when it listens)
  --request FILE|none     what clients send: the bytes of a file (default: a request of HTTP; none: they only connect)
  --reload COMMAND        how it is reloaded, such as 'kill -HUP {pid}' (default: the known way of a known server)
  --stop COMMAND          how it is stopped in order (default: its own way, or SIGTERM)
  --server-log FILE       keep what it writes in this file (default: only its last lines, should it end)
`

export const serverOptions = {
  port: { type: 'string' },
  ready: { type: 'string' },
  request: { type: 'string', path: 'file', words: ['none'] },
  reload: { type: 'string' },
  stop: { type: 'string' },
  'server-log': { type: 'string', path: 'file' },
} as const

/** What is said of a server on a command line. */
export type SaidOptions = { [Name in keyof typeof serverOptions]?: string | undefined }

export const serverOptionNames = Object.keys(serverOptions) as (keyof SaidOptions)[]

/** What a command line says of a server: nothing, if it names none. */
export interface SaidServer {
  server?: ServerPlan
  port?: number
  /** What clients send, as Base64. */
  request?: string
}

/** A command line before the first `--`, and the command behind it. */
export function splitCommand(args: readonly string[]): {
  args: readonly string[]
  command: readonly string[] | undefined
} {
  const at = args.indexOf('--')
  return at === -1 ? { args, command: undefined } : { args: args.slice(0, at), command: args.slice(at + 1) }
}

/** Throws a UsageError for what is said of a server that is not there, or is no command. */
export function readServer(
  command: readonly string[] | undefined,
  said: SaidOptions,
  { mayUseSocket = false } = {},
): SaidServer {
  if (command === undefined) {
    const useless = serverOptionNames.find((name) => said[name] !== undefined)
    if (useless === undefined) return {}
    throw new UsageError(
      `--${useless} is about a server of your own, and there is none`,
      'Give its command last, behind --: spillway up -- nginx -c my.conf',
    )
  }
  const [program = ''] = command
  if (program.trim() === '')
    throw new UsageError('No command stands behind --', 'For example: spillway up -- nginx -c my.conf')
  if (!mayUseSocket && command.some((word) => word.includes('{socket}')))
    throw new UsageError(
      'Clients of this lab speak TCP, and {socket} is a UNIX socket',
      'Have the server listen on {address}:{port}. What it does at a UNIX socket its card tells: spillway try -- …',
    )
  const { name, stop, reload } = { ...ordersOf(command) }
  const port = said.port === undefined ? undefined : parseCount('--port', said.port, { min: 1, max: 65_535 })
  const orders = { stop: said.stop ?? stop, reload: said.reload ?? reload, ready: said.ready }
  return {
    ...(port === undefined ? {} : { port }),
    ...(said.request === undefined ? {} : { request: readRequest(said.request) }),
    server: {
      name,
      command,
      mayUseSocket,
      onlyPort: port !== undefined,
      ...(orders.stop === undefined ? {} : { stop: orders.stop }),
      ...(orders.reload === undefined ? {} : { reload: orders.reload }),
      ...(orders.ready === undefined ? {} : { ready: orders.ready }),
      ...(said['server-log'] === undefined ? {} : { output: said['server-log'] }),
    },
  }
}

const MOST_BYTES = 100_000

function readRequest(file: string): string {
  if (file === 'none') return ''
  let bytes: Buffer
  try {
    bytes = fs.readFileSync(file)
  } catch (error) {
    throw new UsageError(
      `--request ${file} cannot be read: ${reasonOf(error) ?? 'for an unknown reason'}`,
      'Name a file, or none',
    )
  }
  if (bytes.length > 0 && bytes.length <= MOST_BYTES) return bytes.toString('base64')
  throw new UsageError(
    `--request ${file} has ${bytes.length} bytes`,
    bytes.length === 0 ? 'To send nothing, say --request none' : `It may have at most ${MOST_BYTES}`,
  )
}

/** Options of Spillway's own backends, which a server of one's own does not have. Throws a UsageError for the first that is said. */
export function refuseBackendOptions(said: Record<string, unknown>, names: readonly string[]): void {
  const name = names.find((one) => said[one] !== undefined)
  if (name !== undefined)
    throw new UsageError(
      `--${name} is for Spillway's own backends, and a server of your own takes their place`,
      'Leave it out, and say it to your server',
    )
}
