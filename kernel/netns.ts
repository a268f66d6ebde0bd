import fs from 'node:fs'
import { KernelError } from './errors.ts'
import * as libc from './libc.ts'
import { ofProcess, processNames } from './proc-reading.ts'

/** Of the namespace of the calling thread, which nothing but this module moves; undefined until somebody wants to know. */
let hereInode: number | undefined

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
    hereInode = this.inode
  }

  /** Does something in this namespace and comes back, also when it throws. Only for work that never awaits. */
  run<Result>(work: () => Result): Result {
    hereInode ??= currentNamespaceInode()
    if (hereInode === this.inode) return work()
    using home = new NetworkNamespace()
    this.enter()
    try {
      return work()
    } finally {
      home.enter()
    }
  }

  /** The same namespace, with a descriptor of its own. It keeps no mount busy: a file that names the namespace can be unmounted. */
  again(): NetworkNamespace {
    return this.run(() => new NetworkNamespace())
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
  hereInode = undefined
  return new NetworkNamespace()
}

/**
 * A network namespace of nobody else, with loopback up, that goes when it is closed; undefined where this process may not make one: it takes
 * CAP_SYS_ADMIN and CAP_NET_ADMIN. The calling thread stays where it is.
 */
export function newNamespaceIfAllowed(): NetworkNamespace | undefined {
  using home = new NetworkNamespace()
  try {
    // The way back takes CAP_SYS_ADMIN over the namespace that one comes from, which root of a user namespace has not.
    home.enter()
    const made = enterNewNamespace()
    try {
      bringLoopbackUp()
      return made
    } catch (error) {
      made.close()
      throw error
    }
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  } finally {
    if (currentNamespaceInode() !== home.inode) home.enter()
  }
}

function bringLoopbackUp(): void {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, 'Bringing loopback up')
  try {
    libc.bringUp(fd, 'lo')
  } finally {
    libc.close(fd)
  }
}

/** The inode of the namespace in which the calling thread is. */
export const currentNamespaceInode = (): number => fs.statSync('/proc/thread-self/ns/net').ino

/** Where a namespace can be opened, and the processes that live in it. */
export interface FoundNamespace {
  inode: number
  path: string
  pids: number[]
}

/** What a look at all processes has found. */
export interface NamespaceSearch {
  namespaces: FoundNamespace[]
  /** Processes whose namespace may not be looked at, for want of CAP_SYS_PTRACE: it may be one that nothing else shows. */
  hidden: number
}

/** Where `ip netns` keeps the names of namespaces. */
export const NAMED_FOLDER = '/run/netns'

/**
 * Every network namespace that a process visible in `proc` lives in, first process first, and those that a file under
 * /run/netns holds. Processes whose namespace may not be looked at are counted. A step takes microseconds. Throws what
 * the system says if `proc` cannot be listed.
 */
export function* lookForNamespaces(proc = '/proc', named = NAMED_FOLDER): Generator<void, NamespaceSearch> {
  let hidden = 0
  const found = new Map<number, FoundNamespace>()
  const add = (inode: number, path: string, pid?: number): void => {
    const entry = found.get(inode) ?? { inode, path, pids: [] }
    if (pid !== undefined) entry.pids.push(pid)
    found.set(inode, entry)
  }
  for (const name of processNames(proc)) {
    yield
    const path = `${proc}/${name}/ns/net`
    const stat = ofProcess(() => fs.statSync(path))
    if (typeof stat !== 'string') add(stat.ino, path, Number(name))
    else if (stat === 'hidden') hidden++
  }
  for (const [inode, path] of namespaceFiles(named)) {
    yield
    add(inode, path)
  }
  return { namespaces: [...found.values()], hidden }
}

/** The namespaces that `lookForNamespaces` gives, all at once. */
export function findNamespaces(proc = '/proc', named = NAMED_FOLDER): FoundNamespace[] {
  const steps = lookForNamespaces(proc, named)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value.namespaces
  }
}

/** The namespaces that files of a folder hold; a file that holds none, or none any more, is passed over. */
export function* namespaceFiles(folder: string): Generator<[inode: number, path: string], void> {
  const names = ofProcess(() => fs.readdirSync(folder))
  const here = ofProcess(() => fs.statSync('/proc/thread-self/ns/net').dev)
  if (typeof names === 'string') return
  for (const name of names) {
    const stat = ofProcess(() => fs.statSync(`${folder}/${name}`))
    if (typeof stat !== 'string' && stat.dev === here) yield [stat.ino, `${folder}/${name}`]
  }
}
