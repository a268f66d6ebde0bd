/** Near misses in paths: what lies in the same folder under a name that is near. */
import fs from 'node:fs'
import path from 'node:path'
import { orNearest } from '#common/nearest.ts'

/** `; did you mean ./mine.ts?` for a path that does not exist, or nothing. `fits` says which names may be meant. */
export function orNearPath(wrong: string, fits: (name: string) => boolean = () => true): string {
  if (fs.existsSync(wrong)) return ''
  // As it was written: a leading ./ stays.
  const folder = wrong.slice(0, wrong.length - path.basename(wrong).length - (wrong.endsWith('/') ? 1 : 0))
  return orNearest(
    path.basename(wrong),
    namesIn(folder === '' ? '.' : folder).filter(fits),
    (name) => `${folder}${name}`,
  )
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return [] // there is no such folder either
  }
}
