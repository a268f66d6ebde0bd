import { UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { readServer, type SaidServer, serverHelp, serverOptions, splitCommand } from '../server/options.ts'

export const help = `Usage: spillway try [OPTION…] -- COMMAND…

Starts a server of your own in a lab, puts ten questions to it, and answers each by what the
kernel and the clients counted: the card of a server. It takes a minute and a half at most, and
needs nothing of the server but its command.

${serverHelp}
  A server may also listen at a UNIX socket, wherever it likes, or at {socket}, which is in its environment as SOCKET:
  spillway try -- gunicorn app:app --bind unix:{socket}

  --report FILE           write the card as one HTML file
  --json                  print each answer as one JSON object per line, and nothing else on standard output
  --help                  this text

Exit status: 0 the questions were put, whatever the answers; 2 the server or the lab could not be started.
`

export const grammar = {
  command: 'spillway try',
  options: {
    report: { type: 'string', path: 'file' },
    json: { type: 'boolean', default: false },
    ...serverOptions,
  },
} as const satisfies Grammar

export interface TryCommand {
  lab: SaidServer & Required<Pick<SaidServer, 'server'>>
  report: string | undefined
  json: boolean
}

/** Reads the options of `spillway try`; undefined if help was asked for. Throws a UsageError that names the option. */
export function readOptions(args: readonly string[]): TryCommand | undefined {
  const { args: ours, command } = splitCommand(args)
  return readCommandLine(grammar, ours, ({ values }): TryCommand => {
    const { server, ...said } = readServer(command, values, { mayUseSocket: true })
    if (server === undefined)
      throw new UsageError('Which server?', 'Give its command last, behind --: spillway try -- nginx -c my.conf')
    return { lab: { ...said, server }, report: values.report, json: values.json }
  })
}
