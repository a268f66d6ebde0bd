/** The types of the vocabulary, where an editor finds them from a folder. */
import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'

const TYPES = 'spillway-vocabulary.d.ts'
/** So begins every version of the file: one that begins otherwise is the user's own. */
const MARK = "/**\n * The types of 'spillway/vocabulary'"

const source = path.join(import.meta.dirname, TYPES)

/**
 * Sees to it that an editor finds the types, and gives the line that an experiment must begin with for it: none within a
 * clone, whose own settings include them, nor where Spillway is installed in a node_modules above; elsewhere the types are
 * written beside the experiment.
 */
export function typesBeside(folder: string): string {
  if (isFound(fs.realpathSync(folder))) return ''
  const file = path.join(folder, TYPES)
  const types = fs.readFileSync(source, 'utf8')
  const there = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
  if (there !== undefined && !there.startsWith(MARK))
    throw new UsageError(
      `${file} exists already, and was not written by Spillway`,
      'Rename it, or choose another folder',
    )
  if (there !== types) write(file, types)
  return `/// <reference path="./${TYPES}" />\n`
}

function isFound(folder: string): boolean {
  for (let above = folder; ; above = path.dirname(above)) {
    if (fs.existsSync(path.join(above, 'cli/new', TYPES))) return true
    if (fs.existsSync(path.join(above, 'node_modules/spillway/package.json'))) return true
    if (above === path.dirname(above)) return false
  }
}

/** Writes a file that an editor may have open. Throws a UsageError where it cannot. */
export function write(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text)
  } catch (error) {
    throw new UsageError(`Cannot write ${file}: ${reasonOf(error)}`, 'Name another folder')
  }
}
