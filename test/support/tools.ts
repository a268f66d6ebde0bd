import fs from 'node:fs'

/** Debian keeps the programs of each version of PostgreSQL in a folder of its own. */
const postgresFolders = fs.globSync('/usr/lib/postgresql/*/bin')

/** The path of a program on the PATH or in the system's folders, or undefined; of a file that is named by its path, that. */
export function findProgram(name: string): string | undefined {
  if (name.startsWith('/')) return fs.existsSync(name) ? name : undefined
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':').filter((folder) => folder !== '')
  return [...folders, ...postgresFolders].map((folder) => `${folder}/${name}`).find((file) => fs.existsSync(file))
}

/**
 * For a test's `skip`: false if the program is there, else the reason, which the test runner prints. Where
 * SPILLWAY_NO_SKIP is set a missing program is an error instead, so that nothing passes by not running.
 */
export function skipWithout(name: string): string | false {
  if (findProgram(name) !== undefined) return false
  const reason = `the program ${name} is not on the PATH`
  if (process.env.SPILLWAY_NO_SKIP) throw new Error(`${reason}, and SPILLWAY_NO_SKIP is set`)
  return reason
}
