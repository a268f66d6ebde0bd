/** The file system in which BPF programs are pinned, and what is mounted if there is none. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'

const BPF_FS_MAGIC = 0xcafe4a11
/** The host's own, which every program may use; a folder elsewhere is one by itself. */
const HOSTS = '/sys/fs/bpf'
/** What was mounted for us is known by its source, so that nobody else's is ever taken away. */
const OURS = 'spillway'

const mountPointOf = (folder: string): string => (path.dirname(folder) === HOSTS ? HOSTS : folder)

/** Sees to it that a folder can be made to pin in, and gives where a file system was mounted for it, if there was none. */
export function ensureBpfFs(folder: string): string | undefined {
  if (isBpfFs(folder) || isBpfFs(path.dirname(folder))) return undefined
  const mountPoint = mountPointOf(folder)
  try {
    if (mountPoint !== HOSTS) fs.mkdirSync(mountPoint, { recursive: true, mode: 0o755 })
    run('mount', '-t', 'bpf', '-o', 'nosuid,nodev,noexec,mode=0755', OURS, mountPoint)
  } catch (error) {
    throw new UsageError(
      `No BPF file system is mounted at ${mountPoint}, and none can be: ${saidBy(error)}`,
      `As root: mount -t bpf bpf ${mountPoint}. In a container, mount the host's there`,
    )
  }
  return mountPoint
}

/** Takes the file system away that was mounted for a folder, if it was and nothing else is in it; gives where it was. */
export function unmountOurs(folder: string): string | undefined {
  const mountPoint = mountPointOf(folder)
  if (!isOurs(mountPoint) || othersIn(mountPoint)) return undefined
  try {
    run('umount', mountPoint)
  } catch (error) {
    throw new UsageError(
      `${mountPoint} cannot be unmounted: ${saidBy(error)}`,
      `Once nothing uses it: umount ${mountPoint}`,
    )
  }
  if (mountPoint !== HOSTS) removeEmpty(mountPoint, path.dirname(mountPoint))
  return mountPoint
}

/** Whether anything is in a folder but what the kernel puts into every BPF file system, whose names alone have a dot. */
export const othersIn = (folder: string): boolean => fs.readdirSync(folder).some((name) => !name.includes('.'))

/** The first folder on the way to one that does not let this reader through, with its mode; undefined if all do. */
export function barrierTo(folder: string, reader: { kind: 'user' | 'group'; id: number }): string | undefined {
  for (let at = path.dirname(folder); at !== '/'; at = path.dirname(at)) {
    const { uid, gid, mode } = fs.statSync(at)
    const passes =
      (mode & 0o001) !== 0 ||
      (reader.kind === 'group' ? gid === reader.id && (mode & 0o010) !== 0 : uid === reader.id && (mode & 0o100) !== 0)
    if (!passes) return at
  }
  return undefined
}

function isBpfFs(folder: string): boolean {
  try {
    return fs.statfsSync(folder).type === BPF_FS_MAGIC
  } catch {
    return false // it is not there
  }
}

/** proc_pid_mountinfo(5): the mount point is the fifth field, the type and the source follow a dash. */
function isOurs(mountPoint: string): boolean {
  const lines = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.some((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [type, source] = after.split(' ')
    return before.split(' ')[4] === mountPoint && type === 'bpf' && source === OURS
  })
}

function removeEmpty(...folders: string[]): void {
  for (const folder of folders)
    try {
      fs.rmdirSync(folder)
    } catch {
      return // something else is in it
    }
}

const run = (program: string, ...args: string[]): void => {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
}

/** What a program has said last, or why it could not be run. */
function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('syscall' in error && /^spawnSync/.test(String(error.syscall)) && codeOf(error) === 'ENOENT')
    return 'mount(8) and umount(8) are not installed (Debian package mount)'
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim().split('\n').at(-1) : ''
  return (said || (reasonOf(error) ?? error.message)).replace(/\.$/, '')
}
