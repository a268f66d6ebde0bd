import { UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseListen } from '#common/parse.ts'
import type { Addresses } from '#lab/attached.ts'

export const help = `Usage: spillway board --backend ADDRESS… [OPTION…]

Serves the live board for a lab that is already running, e.g. in containers. spillway up has its own board.

  --listen HOST:PORT    where the board is served (default 127.0.0.1:10510). Anyone who can reach it can break the lab
  --exporter ADDRESS    the exporter (default 127.0.0.1:10511)
  --backend ADDRESS     control API of backend 1; repeat for 2, 3, …
  --agent ADDRESS       the load agent (default 127.0.0.1:10512)
  --help                this text

An ADDRESS is HOST:PORT or unix:/path. The board reads the sysctls of its own network namespace, and can kill only processes
in its own PID namespace: run it in the namespaces of the lab.
`

export interface BoardCommand {
  listen: ListenTarget
  addresses: Addresses
}

export const grammar = {
  command: 'spillway board',
  options: {
    listen: { type: 'string', default: '127.0.0.1:10510' },
    exporter: { type: 'string', default: '127.0.0.1:10511' },
    backend: { type: 'string', multiple: true, default: [] },
    agent: { type: 'string', default: '127.0.0.1:10512' },
  },
} as const satisfies Grammar

/** Reads the options of `spillway board`; undefined if help was asked for. Throws a UsageError that names the option. */
export const readOptions = (args: readonly string[]): BoardCommand | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    const command = {
      listen: parseListen('--listen', values.listen),
      addresses: {
        exporter: parseListen('--exporter', values.exporter),
        backends: values.backend.map((address) => parseListen('--backend', address)),
        agent: parseListen('--agent', values.agent),
      },
    }
    if (values.backend.length === 0)
      throw new UsageError('Which backends?', 'Give the control API of each: --backend 127.0.0.1:10521 --backend …')
    return command
  })
