import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'
import { experiments } from '#experiments/catalogue.ts'

export const help = `Usage: spillway new NAME

Writes an experiment of your own to NAME.ts: a small one that runs as it is, to be changed.

  spillway new my-backlog && spillway run ./my-backlog.ts

NAME consists of small letters, digits and dashes; a folder may stand before it: lessons/my-backlog.
It imports 'spillway/vocabulary', which is found in every folder. Where an editor would not find its types,
they are written beside the experiment, in spillway-vocabulary.d.ts. docs/vocabulary.md explains every word.

  --help  this text
`

export const grammar = {
  command: 'spillway new',
  options: {},
  words: 'the small letters of a name',
} as const satisfies Grammar

export interface NewCommand {
  name: string
  folder: string
  /** The file, as the user would write it: `./my-backlog.ts`. */
  file: string
}

const howNamesLook = 'Use small letters, digits and dashes, and begin with a letter: my-backlog'

/** Reads the command line of `spillway new`; undefined if help was asked for. Throws a UsageError for a name that cannot be used. */
export const readOptions = (args: readonly string[]): NewCommand | undefined =>
  readCommandLine(grammar, args, ({ positionals: [written, ...more] }) => {
    if (written === undefined) throw new UsageError('Which name?', 'For example: spillway new my-backlog')
    if (more.length > 0)
      throw new UsageError(`Only one experiment can be written: leave out ${more.join(' ')}`, howNamesLook)
    if (/[/\\]$/.test(written))
      throw new UsageError(`'${written}' is a folder without a name`, `For example: spillway new ${written}my-backlog`)
    const name = path.basename(written).replace(/\.ts$/, '')
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 64)
      throw new UsageError(`'${name}' cannot be the name of an experiment`, howNamesLook)
    if (experiments.some((experiment) => experiment.name === name))
      throw new UsageError(
        `'${name}' is a built-in experiment`,
        'Choose another name: verdicts and reports are told apart by it',
      )
    const folder = path.dirname(written)
    refuseFolder(folder)
    const beside = path.join(folder, `${name}.ts`)
    if (fs.existsSync(beside)) throw new UsageError(`${beside} exists already`, 'Choose another name, or remove it')
    return { name, folder, file: path.isAbsolute(beside) ? beside : `./${beside}` }
  })

function refuseFolder(folder: string): void {
  const found = fs.statSync(folder, { throwIfNoEntry: false })
  if (found === undefined) throw new UsageError(`There is no folder ${folder}`, `Make it first: mkdir -p ${folder}`)
  if (!found.isDirectory()) throw new UsageError(`${folder} is not a folder`, 'Name a folder')
  try {
    fs.rmdirSync(fs.mkdtempSync(path.join(folder, '.spillway-')))
  } catch (error) {
    // The folder is there: this file system (/proc) makes no files.
    const why = codeOf(error) === 'ENOENT' ? 'no file can be created there' : reasonOf(error)
    throw new UsageError(`Nothing can be written to the folder ${folder}: ${why}`, 'Name another folder')
  }
}
