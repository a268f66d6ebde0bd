import fs from 'node:fs'
import { ofProcess } from './proc-reading.ts'

/**
 * The cgroups of version 2 below a folder, each with its id, which is the folder's inode number, and its path below that
 * folder, e.g. `/system.slice/docker-….scope`. Those that may not be read are passed over.
 */
export function* cgroupFolders(root: string, path = ''): Generator<[id: bigint, path: string], void> {
  const stat = ofProcess(() => fs.statSync(`${root}${path}`, { bigint: true }))
  if (typeof stat === 'string') return
  yield [stat.ino, path === '' ? '/' : path]
  const entries = ofProcess(() => fs.readdirSync(`${root}${path}`, { withFileTypes: true }))
  if (typeof entries === 'string') return
  for (const entry of entries) if (entry.isDirectory()) yield* cgroupFolders(root, `${path}/${entry.name}`)
}
