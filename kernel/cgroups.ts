import fs from 'node:fs'
import { ofProcess } from './proc-reading.ts'

const CGROUP2_SUPER_MAGIC = 0x63677270

/**
 * The cgroups of version 2 below a folder, each with its id, which is the folder's inode number, and its path below that
 * folder, e.g. `/system.slice/docker-….scope`. Those that may not be read are passed over, and so is what is mounted over
 * them: a folder of another hierarchy can have the same number.
 */
export function* cgroupFolders(root: string): Generator<[id: bigint, path: string], void> {
  const device = deviceOf(root)
  if (device !== undefined) yield* foldersOn(device, root, '')
}

function* foldersOn(device: bigint, root: string, path: string): Generator<[id: bigint, path: string], void> {
  const stat = ofProcess(() => fs.statSync(`${root}${path}`, { bigint: true }))
  if (typeof stat === 'string' || stat.dev !== device) return
  yield [stat.ino, path === '' ? '/' : path]
  const entries = ofProcess(() => fs.readdirSync(`${root}${path}`, { withFileTypes: true }))
  if (typeof entries === 'string') return
  for (const entry of entries) if (entry.isDirectory()) yield* foldersOn(device, root, `${path}/${entry.name}`)
}

function deviceOf(folder: string): bigint | undefined {
  const stat = ofProcess(() => fs.statSync(folder, { bigint: true }))
  return typeof stat === 'string' ? undefined : stat.dev
}

/**
 * Where the hierarchy of version 2 is mounted, by the text of /proc/PID/mountinfo: alone, or beside those of version 1.
 * The mount that shows most of it comes first: a container may have its own part of it, and the host's whole.
 */
export function cgroup2Mounts(mountinfo: string): string[] {
  const mounts: { root: string; folder: string }[] = []
  for (const line of mountinfo.split('\n')) {
    const [fields = '', type = ''] = line.split(' - ')
    const [, , , root, folder] = fields.split(' ')
    if (type.startsWith('cgroup2 ') && root !== undefined && folder !== undefined)
      mounts.push({ root: unescaped(root), folder: unescaped(folder) })
  }
  return mounts.sort((a, b) => depthOf(a.root) - depthOf(b.root)).map(({ folder }) => folder)
}

/**
 * The folder in which the cgroups of the host can be looked up: of the mounts that this process has, or, in a container, of
 * those of the host's first process, if it may be looked into. Undefined where there is no hierarchy of version 2.
 */
export function cgroup2Root(proc = '/proc'): string | undefined {
  for (const [pid, before] of [
    ['1', `${proc}/1/root`],
    ['self', ''],
  ]) {
    const text = ofProcess(() => fs.readFileSync(`${proc}/${pid}/mountinfo`, 'utf8'))
    const found = text === 'gone' || text === 'hidden' ? [] : cgroup2Mounts(text)
    const root = found.map((folder) => `${before}${folder}`).find(isCgroup2)
    if (root !== undefined) return root
  }
  return undefined
}

function isCgroup2(folder: string): boolean {
  try {
    return fs.statfsSync(folder).type === CGROUP2_SUPER_MAGIC
  } catch {
    return false // not there, or not ours to see
  }
}

/** `/` and, as seen from a cgroup namespace, `/../..` are above all others. */
const depthOf = (root: string): number =>
  root
    .split('/')
    .filter((part) => part !== '')
    .reduce((depth, part) => depth + (part === '..' ? -1 : 1), 0)

/** The kernel writes a space in a path as \\040. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)))
