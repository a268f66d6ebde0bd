import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { holdsRun } from '#lab/experiment/open.ts'
import { orNearPath } from '../near-path.ts'

export const help = `Usage: spillway report DIR… [OPTION…]

Writes runs as one HTML file that needs no network: verdict, plots, counters, and how to run it again.
A DIR is the folder of a run, or a folder that holds several. Runs of one experiment are shown side by side.

  --out FILE  where to write the report (default: report.html in the folder of a single run, otherwise ./report.html)
  --json      print what was written as JSON
  --help      this text

A run that was cut off is completed first: its tables are written, and the report shows what was recorded.
`

export interface ReportCommand {
  folders: string[]
  out: string
  json: boolean
}

export const grammar = {
  command: 'spillway report',
  options: {
    out: { type: 'string', path: 'file' },
    json: { type: 'boolean', default: false },
  },
  words: 'folders of runs',
  offers: { path: 'folder' },
} as const satisfies Grammar

/** Reads the options of `spillway report`, and finds the runs; undefined if help was asked for. Throws a UsageError. */
export const readOptions = (args: readonly string[]): ReportCommand | undefined =>
  readCommandLine(grammar, args, ({ values, positionals }) => {
    if (positionals.length === 0)
      throw new UsageError('Which run?', 'Name the folder of a run, or a folder that holds several')
    const folders = [...new Set(positionals.flatMap(runsIn))]
    return {
      folders,
      out: values.out ?? (folders.length === 1 ? path.join(folders[0]!, 'report.html') : 'report.html'),
      json: values.json,
    }
  })

/** The folder itself, or the runs in it in the order of their names. A folder that is neither is named as it is. */
function runsIn(folder: string): string[] {
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(
      `There is no folder ${folder}${orNearPath(folder)}`,
      'Name a folder that spillway run has written',
    )
  if (holdsRun(folder)) return [tidy(folder)]
  const within = fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(folder, name))
    .filter(holdsRun)
    .sort()
  return within.length > 0 ? within : [tidy(folder)]
}

/** However it was written, one folder is one name. */
const tidy = (folder: string): string => path.normalize(folder).replace(/(?<=.)\/$/, '')
