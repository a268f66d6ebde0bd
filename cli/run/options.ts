import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '#common/errors.ts'
import { experiments } from '#experiments/catalogue.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { compose } from '#lab/compose/driver.ts'
import type { Driver } from '#lab/driver.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { readArguments } from '../arguments.ts'

const drivers: Record<string, Driver> = { namespaces, compose }

export const help = `Usage: spillway run NAME|FILE… [OPTION…]
       spillway run --all [OPTION…]
       spillway run --list

Runs experiments, each in a lab of its own, and tells for each whether the kernel did what was expected.
A FILE (./mine.ts) is an experiment of your own: a module whose default export is one.

  --all            every experiment
  --list           what there is, and what each teaches
  --out DIR        where the runs' folders go (default runs/DATE-TIME)
  --driver DRIVER  namespaces (default) or compose
  --json           one verdict a line as JSON, and nothing else on standard output
  --help           this text

Each run leaves a folder: report.html, verdict.json, and tables of every sample and connection as Parquet.
Exit status: 0 all passed or could not be judged here, 1 a verdict failed, 2 something could not run.
`

export interface RunCommand {
  experiments: readonly Experiment[]
  out: string
  driver: Driver
  json: boolean
}

/** Reads the options of `spillway run`; words where it was asked for help or the list. Throws a UsageError. */
export async function readOptions(args: string[], now = new Date()): Promise<RunCommand | 'help' | 'list'> {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (values.list) return 'list'
  if (values.all && positionals.length > 0)
    throw new UsageError(`--all is every experiment: leave out ${positionals.join(' ')}`)
  if (!values.all && positionals.length === 0)
    throw new UsageError('Which experiment?', 'Name one, or use --all; spillway run --list shows them')
  const driver = Object.hasOwn(drivers, values.driver) ? drivers[values.driver] : undefined
  if (driver === undefined)
    throw new UsageError(`--driver '${values.driver}' is none of ${Object.keys(drivers).join(', ')}`)
  return {
    experiments: values.all ? experiments : await Promise.all([...new Set(positionals)].map(find)),
    out: values.out ?? `runs/${now.toISOString().slice(0, 19).replaceAll(':', '-')}`,
    driver,
    json: values.json,
  }
}

/** One of ours by its name, or the default export of a file. */
async function find(name: string): Promise<Experiment> {
  if (/[/.]/.test(name)) return await load(name)
  const found = experiments.find((experiment) => experiment.name === name)
  if (found !== undefined) return found
  throw new UsageError(
    `There is no experiment '${name}'`,
    `Experiments: ${experiments.map((experiment) => experiment.name).join(', ')}`,
  )
}

async function load(file: string): Promise<Experiment> {
  const path = resolve(file)
  if (!existsSync(path)) throw new UsageError(`There is no file ${file}`)
  const module: { default?: unknown } = await import(pathToFileURL(path).href)
  if (isExperiment(module.default)) return module.default
  throw new UsageError(
    `${file} is no experiment`,
    'Its default export must be what experiment() or comparison() of the vocabulary gives',
  )
}

const isExperiment = (value: unknown): value is Experiment =>
  typeof value === 'object' && value !== null && ['name', 'cases', 'phases', 'judge'].every((key) => key in value)

function parse(args: string[]) {
  return readArguments('run', {
    args,
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      out: { type: 'string' },
      driver: { type: 'string', default: 'namespaces' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
}
