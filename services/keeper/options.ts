import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseCount, parseListen } from '#common/parse.ts'

/** What the keeper of a server is given when it starts. */
export interface KeeperOptions {
  /** The command, `{address}` and `{port}` filled in; undefined where something else starts the server, as in containers. */
  command: readonly [string, ...string[]] | undefined
  /** As it is called in words. */
  name: string
  /** The path that `{socket}` stands for; undefined where clients speak TCP alone. */
  socket: string | undefined
  /** Whether it has to listen at that path: its command names it. */
  onlySocket: boolean
  /** Where clients come from: it has to listen here. */
  address: string
  /** The same by IPv6, for a server that listens on IPv6 alone; undefined where clients have none. */
  address6: string | undefined
  /** Where it is expected; it is found on another port too, if it has only one. */
  port: number
  /** Whether it may not listen elsewhere. */
  onlyPort: boolean
  /** A path that answers with less than 500 when it is ready; undefined: it is ready when it listens. */
  ready: string | undefined
  /** Shell commands; `{pid}` is its main process. */
  stop: string
  reload: string | undefined
  /** Where what it writes is kept, and what its stop and reload say. */
  output: string
  /** Whether all of that is kept; otherwise the last megabytes. */
  keepsAll: boolean
  /** The name of this lab's own cgroup; undefined beside processes of others, where the supervisor sets quotas. */
  cgroup: string | undefined
  /** Where the supervisor of a lab in containers answers. */
  supervisor: ListenTarget | undefined
  /** Where the control API of its first, second … socket listens. */
  control: (index: number) => ListenTarget
}

const grammar = {
  command: 'spillway keeper',
  options: {
    name: { type: 'string' },
    address: { type: 'string' },
    address6: { type: 'string' },
    port: { type: 'string' },
    socket: { type: 'string' },
    'only-port': { type: 'boolean', default: false },
    ready: { type: 'string' },
    stop: { type: 'string', default: 'kill -TERM {pid}' },
    reload: { type: 'string' },
    output: { type: 'string' },
    'keep-all': { type: 'boolean', default: false },
    folder: { type: 'string' },
    control: { type: 'string' },
    supervisor: { type: 'string' },
  },
} as const

/** Reads a command line: the lab writes it. Throws a UsageError. */
export function parseKeeperOptions(args: readonly string[]): KeeperOptions {
  // Behind -- stands a command as it was typed: its words may be anything, also empty.
  const end = args.indexOf('--')
  const [program, ...rest] = end === -1 ? [] : args.slice(end + 1)
  const options = readCommandLine(grammar, end === -1 ? args : args.slice(0, end), ({ values }): KeeperOptions => {
    const { name, address, port, output = '/dev/null' } = values
    if (!name || !address || !port) throw new UsageError('The keeper needs --name, --address and --port')
    const number = parseCount('--port', port, { min: 1, max: 65_535 })
    const { socket } = values
    const filled = (text: string): string =>
      text
        .replaceAll('{address}', address)
        .replaceAll('{port}', `${number}`)
        .replaceAll('{socket}', socket ?? '{socket}')
    return {
      command: program === undefined ? undefined : [filled(program), ...rest.map(filled)],
      name,
      socket,
      onlySocket: socket !== undefined && [program, ...rest].some((word) => word?.includes('{socket}')),
      address,
      address6: values.address6,
      port: number,
      onlyPort: values['only-port'],
      ready: values.ready,
      stop: filled(values.stop),
      reload: values.reload === undefined ? undefined : filled(values.reload),
      output,
      keepsAll: values['keep-all'],
      cgroup: values.folder === undefined ? undefined : path.basename(values.folder),
      supervisor: values.supervisor === undefined ? undefined : parseListen('--supervisor', values.supervisor),
      control: controlAt(values),
    }
  })
  if (options === undefined) throw new UsageError('The lab starts the keeper; see spillway up --help')
  return options
}

/** `--folder` holds `backend-1.sock` and so on; `--control` is the first of as many TCP ports. */
function controlAt({
  folder,
  control,
}: {
  folder?: string | undefined
  control?: string | undefined
}): KeeperOptions['control'] {
  if (folder !== undefined) return (index) => ({ path: `${folder}/backend-${index + 1}.sock` })
  if (control === undefined) throw new UsageError('The keeper needs --folder or --control')
  const first = parseListen('--control', control)
  return (index) => ('path' in first ? { path: `${first.path}-${index + 1}` } : { ...first, port: first.port + index })
}
