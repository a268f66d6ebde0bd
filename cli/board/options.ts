import { UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseHostName, parseListen } from '#common/parse.ts'
import type { Addresses } from '#lab/attached.ts'
import { ExporterAddress } from '#live/host/exporter-address.ts'
import { credentialsFrom } from '../plan/credentials.ts'

export const help = `Usage: spillway board --exporter ADDRESS [OPTION…]
       spillway board --backend ADDRESS… [OPTION…]

Serves the live board: of any host whose exporter is named, read-only; or, with --backend, of a lab that is already running,
e.g. in containers, with its switches. spillway up has a board of its own, and spillway top --web needs no exporter.

  --listen HOST:PORT    where the board is served (default 127.0.0.1:10510). Anyone who can reach it sees the host, and can
                        break a lab
  --allow-host NAME     a name by which browsers may reach it, beside IP addresses, localhost and the names of this host, e.g. that of
                        an Ingress; can be repeated
  --exporter ADDRESS    the exporter: HOST:PORT, unix:/path, or of a host a URL (http, https) (for a lab 127.0.0.1:10511)
  --auth-file FILE      who asks the exporter of a host, where it has a login: lines such as Basic USER:PASSWORD
  --open                open the page in the browser
  --backend ADDRESS     a lab: control API of backend 1; repeat for 2, 3, …
  --agent ADDRESS       a lab: the load agent (default 127.0.0.1:10512)
  --help                this text

An ADDRESS is HOST:PORT or unix:/path. The board of a lab reads the sysctls of its own network namespace, and can kill only processes
in its own PID namespace: run it in the namespaces of the lab.
`

export interface BoardCommand {
  listen: ListenTarget
  open: boolean
  allowedHosts: readonly string[]
  /** A lab, or any host. */
  of: { lab: Addresses } | { host: ExporterAddress }
}

export const grammar = {
  command: 'spillway board',
  options: {
    listen: { type: 'string', default: '127.0.0.1:10510' },
    'allow-host': { type: 'string', multiple: true, default: [] },
    exporter: { type: 'string' },
    'auth-file': { type: 'string', path: 'file' },
    open: { type: 'boolean', default: false },
    backend: { type: 'string', multiple: true, default: [] },
    agent: { type: 'string' },
  },
} as const satisfies Grammar

/** Reads the options of `spillway board`; undefined if help was asked for. Throws a UsageError that names the option. */
export const readOptions = (args: readonly string[]): BoardCommand | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    const { exporter, backend, agent, 'auth-file': authFile } = values
    const command = {
      listen: parseListen('--listen', values.listen),
      open: values.open,
      allowedHosts: values['allow-host'].map((name) => parseHostName('--allow-host', name)),
    }
    if (backend.length > 0) {
      if (authFile !== undefined) throw new UsageError('--auth-file is for the exporter of a host, not for a lab')
      return {
        ...command,
        of: {
          lab: {
            exporter: parseListen('--exporter', exporter ?? '127.0.0.1:10511'),
            backends: backend.map((address) => parseListen('--backend', address)),
            agent: parseListen('--agent', agent ?? '127.0.0.1:10512'),
          },
        },
      }
    }
    if (exporter === undefined || agent !== undefined)
      throw new UsageError(
        agent === undefined ? 'Which exporter, or which backends?' : 'Which backends?',
        'Any host: --exporter 127.0.0.1:10511. A lab: the control API of each backend, --backend 127.0.0.1:10521 --backend …',
      )
    return { ...command, of: { host: ExporterAddress.parse('--exporter', exporter, credentialsFrom(authFile)) } }
  })
