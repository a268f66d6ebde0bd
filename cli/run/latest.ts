/** `runs/latest`: a symbolic link to what was run last. */
import fs from 'node:fs'
import path from 'node:path'
import { codeOf, reasonOf } from '#common/system-errors.ts'

/** Where runs are kept unless --out names another folder. */
export const RUNS = 'runs'

/**
 * Lets `runs/latest` point to a folder below `runs`; what lies elsewhere leaves it as it is. Gives undefined, or a sentence
 * that says why it could not.
 */
export function pointLatest(folder: string): string | undefined {
  const target = path.relative(RUNS, folder)
  if (target === '' || target.startsWith('..')) return undefined
  const link = path.join(RUNS, 'latest')
  // A link cannot be changed: a new one takes the place of the old one, so that there is one at any moment.
  const next = path.join(RUNS, `.latest-${process.pid}`)
  try {
    const there = fs.lstatSync(link, { throwIfNoEntry: false })
    if (there !== undefined && !there.isSymbolicLink())
      return `${link} is not a link and was left as it is: the newest run is in ${folder}`
    fs.symlinkSync(target, next)
    fs.renameSync(next, link)
    return undefined
  } catch (error) {
    fs.rmSync(next, { force: true })
    return `${link} cannot point to the newest run, which is in ${folder}: ${whyNot(error)}`
  }
}

function whyNot(error: unknown): string {
  const code = codeOf(error)
  if (code === 'EPERM') return 'this file system has no symbolic links'
  // The folder is there: this file system makes nothing new.
  if (code === 'ENOENT') return 'no link can be created there'
  return reasonOf(error) ?? 'no link can be created there'
}
