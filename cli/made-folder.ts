/** Folders that a command creates where it is asked to. */
import fs from 'node:fs'
import path from 'node:path'
import { Failure, UsageError } from '#common/errors.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'

/** Creates a writable folder, and those above it. Throws a UsageError that names the option where it cannot. */
export function makeFolder(folder: string, option: string): void {
  try {
    make(path.resolve(folder))
    fs.rmdirSync(fs.mkdtempSync(path.join(folder, '.spillway-')))
  } catch (error) {
    throw new UsageError(`Cannot write to ${folder}: ${whyNot(error)}`, `Name another folder with ${option} DIR`)
  }
}

/** Step by step, since mkdir with `recursive` never ends where a file system says ENOENT to every new folder. */
function make(folder: string): void {
  const found = fs.statSync(folder, { throwIfNoEntry: false })
  if (found?.isDirectory()) return
  if (found !== undefined) throw new Failure(`${folder} is not a folder`)
  if (folder !== path.dirname(folder)) make(path.dirname(folder))
  fs.mkdirSync(folder)
}

function whyNot(error: unknown): string | undefined {
  if (error instanceof Failure) return error.message
  // What is above it is there by now: this file system (/proc) makes no folders.
  return codeOf(error) === 'ENOENT' ? 'no folder can be created there' : reasonOf(error)
}
