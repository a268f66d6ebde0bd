/** Files that scripts write from the sources. */
import fs from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')

/** Writes a file, or only says whether it is as it would be written, and lets the process fail if not. `by` is the npm script. */
export function generated(file: string, text: string, { check, by }: { check: boolean; by: string }): void {
  const target = path.join(root, file)
  if (!check) fs.writeFileSync(target, text)
  else if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== text) {
    console.error(`${file} does not match the sources: run \`npm run ${by}\``)
    process.exitCode = 1
  }
}
