import { type Grammar, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseCount, parseListen } from '#common/parse.ts'

export const help = `Usage: spillway workshop [OPTION…]

Starts a lab and serves the workshop's chapters beside its live board: predict, run, look, explain, and exercises whose
files are checked. The files are those in the folder where the command is started (spillway new NAME writes one).

  --backends N       how many backends share the port (default 3, at most 32)
  --backlog N        the backlog that each passes to listen() (default 128)
  --listen HOST:PORT where the pages are served (default 127.0.0.1:10510; port 0: any free port)
  --help             this text

Progress is kept in the browser, for the address that is served: it is still there when the command is started again.
`

interface WorkshopOptions {
  backends: number
  backlog: number
  listen: ListenTarget
}

export const grammar = {
  command: 'spillway workshop',
  options: {
    backends: { type: 'string', default: '3' },
    backlog: { type: 'string', default: '128' },
    listen: { type: 'string', default: '127.0.0.1:10510' },
  },
} as const satisfies Grammar

/** Reads the options of `spillway workshop`; undefined if help was asked for. Throws a UsageError that names the option. */
export const readOptions = (args: readonly string[]): WorkshopOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => ({
    backends: parseCount('--backends', values.backends, { min: 1, max: 32 }),
    backlog: parseCount('--backlog', values.backlog, { max: 2_147_483_647 }),
    listen: parseListen('--listen', values.listen),
  }))
