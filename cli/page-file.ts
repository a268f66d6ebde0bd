/** Pages that a command writes to a given file. */
import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'

/** Throws a UsageError that names the option where a file cannot be written. Leaves everything as it was. */
export function refuseUnwritable(file: string, option: string): void {
  const wasThere = fs.existsSync(file)
  writing(file, option, () => fs.closeSync(fs.openSync(file, 'a')))
  if (!wasThere) fs.rmSync(file)
}

/** Throws a UsageError that names the option where it cannot. */
export const writePage = (file: string, text: string, option: string): void =>
  writing(file, option, () => fs.writeFileSync(file, text))

function writing(file: string, option: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    throw new UsageError(`Cannot write ${file}: ${whyNot(file, error)}`, `Name another file with ${option} FILE`)
  }
}

/** Where a new file "does not exist", its folder is missing. */
const whyNot = (file: string, error: unknown): string | undefined =>
  codeOf(error) === 'ENOENT' ? `there is no folder ${path.dirname(file)}` : reasonOf(error)
