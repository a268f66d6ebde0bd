import { UsageError } from '#common/errors.ts'
import { readCommandLine } from '#common/options.ts'
import { parseCount } from '#common/parse.ts'

/** What the keeper of a server is given when it starts. */
export interface KeeperOptions {
  /** The command, `{address}` and `{port}` filled in. */
  command: readonly [string, ...string[]]
  /** As it is called in words. */
  name: string
  /** Where clients come from: it has to listen here. */
  address: string
  /** Where it is expected; it is found on another port too, if it has only one. */
  port: number
  /** Whether it may not listen elsewhere. */
  onlyPort: boolean
  /** A path that answers with less than 500 when it is ready; undefined: it is ready when it listens. */
  ready: string | undefined
  /** Shell commands; `{pid}` is its main process. */
  stop: string
  reload: string | undefined
  /** Where what it writes is kept. */
  output: string
  /** The folder for its control sockets, `backend-1.sock` and so on. */
  folder: string
}

const grammar = {
  command: 'spillway keeper',
  options: {
    name: { type: 'string' },
    address: { type: 'string' },
    port: { type: 'string' },
    'only-port': { type: 'boolean', default: false },
    ready: { type: 'string' },
    stop: { type: 'string', default: 'kill -TERM {pid}' },
    reload: { type: 'string' },
    output: { type: 'string' },
    folder: { type: 'string' },
  },
} as const

/** Reads a command line: the lab writes it. Throws a UsageError. */
export function parseKeeperOptions(args: readonly string[]): KeeperOptions {
  // Behind -- stands a command as it was typed: its words may be anything, also empty.
  const end = args.indexOf('--')
  const [program, ...rest] = args.slice(end + 1)
  const options = readCommandLine(grammar, args.slice(0, end), ({ values }): KeeperOptions => {
    const { name, address, port, output, folder } = values
    if (program === undefined) throw new UsageError('There is no command to keep')
    if (!name || !address || !port || !output || !folder)
      throw new UsageError('The keeper needs --name, --address, --port, --output and --folder')
    const number = parseCount('--port', port, { min: 1, max: 65_535 })
    const filled = (text: string): string => text.replaceAll('{address}', address).replaceAll('{port}', `${number}`)
    return {
      command: [filled(program), ...rest.map(filled)],
      name,
      address,
      port: number,
      onlyPort: values['only-port'],
      ready: values.ready,
      stop: filled(values.stop),
      reload: values.reload === undefined ? undefined : filled(values.reload),
      output,
      folder,
    }
  })
  if (options === undefined) throw new UsageError('The lab starts the keeper; see spillway up --help')
  return options
}
