import { UsageError } from '#common/errors.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'
import { type Account, accountOf } from '#services/exporter/pins/account.ts'
import { PIN_FOLDERS, type PinFolder } from '#services/exporter/pins/folders.ts'

const actions = ['install', 'uninstall', 'status'] as const

export const help = `Usage: spillway exact install --group GROUP | --user USER [OPTION…]
       spillway exact uninstall | status

Loads the BPF programs of --exact once, as root, for others to read: an exporter or a top that may not load any then finds them
by itself, and needs no capability. They run until they are uninstalled, or the host starts anew. Each reader sees the
listeners of its own network namespace alone.

  install            loads them, proves them, and leaves them in the kernel; in place of what was installed before
  uninstall          takes them out of the kernel, and leaves nothing
  status             says what is installed, and who may read it
  --group GROUP      the group that may read them, by name or number
  --user USER        or the user
  --folder FOLDER    where: ${PIN_FOLDERS[0]} (default), in the host's BPF file system, which is mounted if it is not; or
                     ${PIN_FOLDERS[1]}, in one of its own
  --help             this text

install takes root, or CAP_BPF, CAP_PERFMON and CAP_CHOWN, and CAP_SYS_ADMIN where it has to mount.
Exit status of status: 0 something is installed, 1 nothing.
`

export const grammar = {
  command: 'spillway exact',
  options: {
    group: { type: 'string' },
    user: { type: 'string' },
    folder: { type: 'string', values: PIN_FOLDERS },
  },
  words: 'install, uninstall or status',
  offers: { words: actions },
} as const satisfies Grammar

export type ExactOptions =
  | { action: 'install'; folder: PinFolder; reader: Account }
  | { action: 'uninstall' | 'status' }

/** Reads the command line of `spillway exact`; undefined if help was asked for. Throws a UsageError. */
export const readOptions = (args: readonly string[]): ExactOptions | undefined =>
  readCommandLine(grammar, args, ({ values, positionals: [word, ...more] }) => {
    if (word === undefined) throw new UsageError('What is to be done?', `Say one of ${actions.join(', ')}`)
    if (more.length > 0) throw new UsageError(`Only one thing can be done: leave out ${more.join(' ')}`)
    const action = oneOf('The action', word, actions)
    const { group, user, folder } = values
    if (action !== 'install') {
      const [option] = Object.entries({ group, user, folder }).find(([, value]) => value !== undefined) ?? []
      if (option !== undefined) throw new UsageError(`--${option} is for install: ${action} looks wherever it may be`)
      return { action }
    }
    return {
      action,
      folder: folder === undefined ? PIN_FOLDERS[0] : oneOf('--folder', folder, PIN_FOLDERS),
      reader: readerOf(group, user),
    }
  })

function readerOf(group: string | undefined, user: string | undefined): Account {
  if (group !== undefined && user !== undefined)
    throw new UsageError('--group and --user exclude each other: one of them may read', 'Choose one')
  if (group !== undefined) return accountOf('--group', 'group', group)
  if (user !== undefined) return accountOf('--user', 'user', user)
  throw new UsageError('Who is to read them?', 'Name a group or a user: spillway exact install --group GROUP')
}
