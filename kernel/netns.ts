import fs from 'node:fs'
import * as libc from './libc.ts'

/** A network namespace that stays reachable while this object is open. */
export class NetworkNamespace {
  readonly fd: number
  /** The inode number of the namespace: its identity while it lives, as `lsns` shows it. */
  readonly inode: number
  #open = true

  /** Opens a namespace by a path such as /proc/PID/ns/net or /run/netns/NAME. */
  constructor(path = '/proc/thread-self/ns/net') {
    this.fd = fs.openSync(path, 'r')
    this.inode = fs.fstatSync(this.fd).ino
  }

  /** Moves the calling thread into this namespace. Its later children and threads begin there, others stay. */
  enter(): void {
    libc.setns(this.fd, libc.CLONE_NEWNET, 'Entering a network namespace')
  }

  /** Does something in this namespace and comes back, also when it throws. Only for work that never awaits. */
  run<Result>(work: () => Result): Result {
    using home = new NetworkNamespace()
    if (home.inode === this.inode) return work()
    this.enter()
    try {
      return work()
    } finally {
      home.enter()
    }
  }

  close(): void {
    if (this.#open) fs.closeSync(this.fd)
    this.#open = false
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Makes a new network namespace and moves the calling thread into it. */
export function enterNewNamespace(): NetworkNamespace {
  libc.unshare(libc.CLONE_NEWNET, 'Creating a network namespace')
  return new NetworkNamespace()
}

/** The inode of the namespace in which the calling thread is. */
export const currentNamespaceInode = (): number => fs.statSync('/proc/thread-self/ns/net').ino

/** Where a namespace can be opened, and the processes that live in it. */
export interface FoundNamespace {
  inode: number
  path: string
  pids: number[]
}

/**
 * Every network namespace that a process visible in `proc` lives in, first process first, and those that a file under
 * /run/netns holds. Processes whose namespace may not be looked at are passed over.
 */
export function findNamespaces(proc = '/proc', named = '/run/netns'): FoundNamespace[] {
  const found = new Map<number, FoundNamespace>()
  const add = (path: string, pid?: number): void => {
    let inode: number
    try {
      inode = fs.statSync(path).ino
    } catch {
      return // gone meanwhile, or not ours to see
    }
    const entry = found.get(inode) ?? { inode, path, pids: [] }
    if (pid !== undefined) entry.pids.push(pid)
    found.set(inode, entry)
  }
  const pids = fs.readdirSync(proc).filter((name) => /^\d+$/.test(name))
  for (const pid of pids.map(Number).sort((a, b) => a - b)) add(`${proc}/${pid}/ns/net`, pid)
  if (fs.existsSync(named)) for (const name of fs.readdirSync(named)) add(`${named}/${name}`)
  return [...found.values()]
}
