import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'
import { experiments } from '#experiments/catalogue.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { compose } from '#lab/compose/driver.ts'
import type { Driver } from '#lab/driver.ts'
import type { OwnServerWish } from '#lab/experiment/needs.ts'
import { kubernetes } from '#lab/kubernetes/driver.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { quoted } from '../quoted.ts'
import {
  readServer,
  type SaidOptions,
  type SaidServer,
  serverHelp,
  serverOptionNames,
  serverOptions,
  splitCommand,
} from '../server/options.ts'
import { loadExperiment } from './file.ts'
import { RUNS } from './latest.ts'

const drivers = { namespaces, compose, kubernetes } satisfies Record<string, Driver>
const driverNames = ['namespaces', 'compose', 'kubernetes'] as const satisfies (keyof typeof drivers)[]

export const help = `Usage: spillway run NAME|FILE… [OPTION…] [-- COMMAND…]
       spillway run --all [OPTION…] [-- COMMAND…]
       spillway run --list

Runs experiments, each in its own lab, and says for each whether the kernel behaved as expected.
A FILE (./mine.ts) holds an experiment of your own: spillway new mine writes one to begin with.

  --all            run every experiment
  --list           list the experiments, and what each teaches
  --out DIR        where to write the folders of the runs (default runs/DATE-TIME, which runs/latest leads to)
  --open           open the report in a browser: $BROWSER, or what xdg-open chooses
  --driver DRIVER  namespaces (default), compose, or kubernetes: in pods of the cluster that kubectl knows
  --json           print one verdict per line as JSON, and nothing else on standard output
  --help           this text

${serverHelp}
An experiment that needs more than a listener is not judged on a server of your own, and says what it needs.
Each run leaves a folder: report.html, verdict.json, and tables of every sample and connection as Parquet.
Exit status: 0 all passed or could not be judged here, 1 a verdict failed, 2 something could not run.
`

/** An experiment, and the word that it was asked for with. */
export interface Asked {
  word: string
  experiment: Experiment
}

export interface RunCommand {
  asked: readonly Asked[]
  out: string
  driver: Driver
  /** Runs in place of the backends, and how it was typed. */
  own: { wish: OwnServerWish; typed: string } | undefined
  json: boolean
  /** Whether the report is opened in a browser. */
  open: boolean
}

export const grammar = {
  command: 'spillway run',
  options: {
    all: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    out: { type: 'string', path: 'folder' },
    open: { type: 'boolean', default: false },
    driver: { type: 'string', default: 'namespaces', values: driverNames },
    json: { type: 'boolean', default: false },
    ...serverOptions,
  },
  words: 'names of experiments',
  offers: { words: experiments.map(({ name }) => name), path: 'file' },
} as const satisfies Grammar

/** Reads the options of `spillway run`; words where help or the list was asked for. Throws a UsageError. */
export async function readOptions(args: readonly string[], now = new Date()): Promise<RunCommand | 'help' | 'list'> {
  const { args: ours, command } = splitCommand(args)
  const asked = readCommandLine(grammar, ours, ({ values, positionals }) => {
    const said = readServer(command, values)
    const driver = drivers[oneOf('--driver', values.driver, driverNames)]
    if (values.all && positionals.length > 0)
      throw new UsageError(`--all already includes every experiment: leave out ${positionals.join(' ')}`)
    if (!values.all && !values.list && positionals.length === 0)
      throw new UsageError('Which experiment?', 'Name one, or use --all; spillway run --list shows them')
    if (said.server !== undefined && driver.name !== 'namespaces')
      throw new UsageError('A server of your own runs in network namespaces', 'Leave --driver out')
    return { ...values, names: [...new Set(positionals)], driver, own: ownOf(said, values, command) }
  })
  if (asked === undefined) return 'help'
  if (asked.list) return 'list'
  return {
    asked: asked.all
      ? experiments.map((experiment) => ({ word: experiment.name, experiment }))
      : await Promise.all(asked.names.map(async (word) => ({ word, experiment: await find(word) }))),
    out: asked.out ?? `${RUNS}/${now.toISOString().slice(0, 19).replaceAll(':', '-')}`,
    driver: asked.driver,
    own: asked.own,
    json: asked.json,
    open: asked.open,
  }
}

/** The server, and what is typed behind the name of an experiment to have it again. */
function ownOf(
  { server, ...rest }: SaidServer,
  values: SaidOptions,
  command: readonly string[] = [],
): RunCommand['own'] {
  if (server === undefined) return undefined
  const options = serverOptionNames.flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [` --${name}=${quoted(value)}`]
  })
  return { wish: { server, ...rest }, typed: `${options.join('')} -- ${command.map(quoted).join(' ')}` }
}

/** One of ours by its name, or the default export of a file: `mine` is ./mine.ts where none of ours has that name. */
async function find(name: string): Promise<Experiment> {
  if (/[/.]/.test(name)) return await loadExperiment(name)
  const found = experiments.find((experiment) => experiment.name === name)
  if (found !== undefined) return found
  if (fs.existsSync(`${name}.ts`)) return await loadExperiment(`./${name}.ts`)
  const names = experiments.map((experiment) => experiment.name)
  throw new UsageError(
    `There is no experiment '${name}'${orNearest(name, names)}`,
    `Experiments: ${names.join(', ')}; to run your own file, give its path with a folder: ./mine.ts`,
  )
}
