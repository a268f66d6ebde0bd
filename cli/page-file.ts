/** Pages that a command writes where it is told to. */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'

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
    throw new UsageError(
      `Cannot write ${file}: ${(error as NodeJS.ErrnoException).code}`,
      `Name another file with ${option} FILE`,
    )
  }
}
