import { UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseListen } from '#common/parse.ts'
import type { Addresses } from '#lab/attached.ts'

export const help = `Usage: spillway board --backend ADDRESS… [OPTION…]

Serves the live board for a lab that runs already, e.g. in containers. spillway up has one of its own.

  --listen HOST:PORT    where the board is served (default 127.0.0.1:10510). Whoever reaches it can break the lab
  --exporter ADDRESS    the exporter (default 127.0.0.1:10511)
  --backend ADDRESS     control API of backend 1, again for 2, 3, …
  --agent ADDRESS       the load agent (default 127.0.0.1:10512)
  --help                this text

An ADDRESS is HOST:PORT or unix:/path. The board reads sysctls where it runs itself, and ends processes of its own PID
namespace alone: it belongs in the lab's own namespaces.
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

/** Reads the options of `spillway board`; undefined if it was asked for help. Throws a UsageError that names the option. */
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
      throw new UsageError('Which backends?', 'Name the control API of each: --backend 127.0.0.1:9101 --backend …')
    return command
  })
