import fs from 'node:fs'
import { basename } from 'node:path'

/** A process that holds a socket. */
export interface Owner {
  pid: number
  /** The command name as `ps` shows it, at most 15 characters; for Node the name of its program. */
  command: string
  /** The whole command line, words separated by spaces; empty where it may not be read. */
  commandLine: string
}

/**
 * Who holds each of these socket inodes, from /proc/PID/fd. Several owners of one inode share one socket and its
 * queues. Processes that may not be looked into are passed over, so an unprivileged caller sees its own only.
 * Walks every file of every process: call it when an unknown inode appears, not on a clock.
 */
export function ownersOf(inodes: ReadonlySet<number>, proc = '/proc'): Map<number, Owner[]> {
  const owners = new Map<number, Owner[]>()
  if (inodes.size === 0) return owners
  const wanted = new Map([...inodes].map((inode) => [`socket:[${inode}]`, inode]))
  for (const name of fs.readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue
    const held = new Set<number>()
    for (const fd of attempt(() => fs.readdirSync(`${proc}/${name}/fd`)) ?? []) {
      const inode = wanted.get(attempt(() => fs.readlinkSync(`${proc}/${name}/fd/${fd}`)) ?? '')
      if (inode !== undefined) held.add(inode)
    }
    if (held.size === 0) continue
    const comm = (attempt(() => fs.readFileSync(`${proc}/${name}/comm`, 'utf8')) ?? '').trim()
    const words = (attempt(() => fs.readFileSync(`${proc}/${name}/cmdline`, 'utf8')) ?? '').split('\0')
    const owner: Owner = {
      pid: Number(name),
      command: commandName(comm, words[0] ?? ''),
      commandLine: words.join(' ').trim(),
    }
    for (const inode of held) owners.set(inode, [...(owners.get(inode) ?? []), owner])
  }
  return owners
}

/** Node 24 names the thread of its own main() 'MainThread', which says nothing: its program's name does. */
const commandName = (comm: string, program: string): string =>
  comm === 'MainThread' && program !== '' ? basename(program) : comm

/** Processes come and go while they are looked at, and most are not ours: what cannot be read is not there. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const CONTAINER_ID = /([0-9a-f]{64})/

/** The container id (first 12 digits) in a cgroup path of Docker, containerd, CRI-O or Podman; undefined if there is none. */
export function containerOfCgroupPath(path: string): string | undefined {
  const ids = path.split('/').map((part) => CONTAINER_ID.exec(part)?.[1])
  return ids.findLast((id) => id !== undefined)?.slice(0, 12)
}

/** Finds cgroup v2 folders by id, which is the folder's inode number. Walks the tree when an unknown id is asked for. */
export class Cgroups {
  readonly #root: string
  #paths = new Map<bigint, string>()

  constructor(root = '/sys/fs/cgroup') {
    this.#root = root
  }

  /** The path of the cgroup below the root, e.g. `/system.slice/docker-….scope`; undefined if it is not visible here. */
  path(id: bigint): string | undefined {
    const known = this.#paths.get(id)
    if (known !== undefined) return known
    this.#paths = new Map()
    this.#walk('')
    return this.#paths.get(id)
  }

  #walk(path: string): void {
    const folder = `${this.#root}${path}`
    const stat = attempt(() => fs.statSync(folder, { bigint: true }))
    if (stat === undefined) return
    this.#paths.set(stat.ino, path === '' ? '/' : path)
    for (const entry of attempt(() => fs.readdirSync(folder, { withFileTypes: true })) ?? [])
      if (entry.isDirectory()) this.#walk(`${path}/${entry.name}`)
  }
}
