import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { KernelError } from '#kernel/errors.ts'
import { currentNamespaceInode, findNamespaces, NetworkNamespace } from '#kernel/netns.ts'
import type { NamespaceIdentity } from './message.ts'
import type { NamespaceSource } from './namespace-source.ts'

const NAMED_EVERY_MS = 1000
const ALL_EVERY_MS = 5000
const OWN = '/proc/thread-self/ns/net'

/** Called when a namespace is to be read, and when it is to be released. `open` may throw. */
export interface NamespaceUser {
  open(identity: NamespaceIdentity, namespace: NetworkNamespace): void
  close(identity: NamespaceIdentity): void
  failed(code: string): void
  log(line: string): void
}

/**
 * Keeps the namespaces that are read in step with those that exist. An open netlink socket keeps a namespace alive
 * after its last process has ended, so one that has neither a process nor a name left must be released, or it leaks.
 */
export class NamespaceSet {
  readonly #sources: readonly NamespaceSource[]
  readonly #proc: string
  readonly #user: NamespaceUser
  /** By inode. */
  readonly #open = new Map<number, NamespaceIdentity>()
  /** What could not be opened, so that it is said once. */
  readonly #complained = new Set<string>()
  #found: NamespaceIdentity[] = []
  #namedDueMs = 0
  #allDueMs = 0

  constructor(sources: readonly NamespaceSource[], proc: string, user: NamespaceUser) {
    this.#sources = sources
    this.#proc = proc
    this.#user = user
  }

  /** The first look. What cannot be read now is a mistake of the person who asked, so it throws a UsageError. */
  start(nowMs: number): void {
    this.#preflight()
    this.#look(nowMs)
    for (const identity of this.#wanted()) {
      try {
        this.#enter(identity)
      } catch (error) {
        // Of those that `all` finds, some may belong to a user namespace above this one.
        if (!this.#found.includes(identity)) throw error
        this.#complain(identity, error)
      }
    }
  }

  /** A later look: namespaces come and go. */
  refresh(nowMs: number): void {
    if (nowMs < this.#namedDueMs && nowMs < this.#allDueMs) return
    this.#look(nowMs)
    const wanted = new Map(this.#wanted().map((identity) => [identity.inode, identity]))
    for (const [inode, identity] of this.#open) {
      if (wanted.get(inode)?.netns === identity.netns) continue
      this.#open.delete(inode)
      this.#user.close(identity)
      this.#user.log(`Network namespace ${describe(identity)} is gone and is no longer read`)
    }
    for (const identity of wanted.values()) {
      if (this.#open.has(identity.inode)) continue
      try {
        this.#enter(identity)
        this.#user.log(`Network namespace ${describe(identity)} is read from now on`)
        this.#complained.delete(identity.source)
      } catch (error) {
        this.#complain(identity, error)
      }
    }
  }

  get identities(): NamespaceIdentity[] {
    return [...this.#open.values()]
  }

  #enter(identity: NamespaceIdentity): void {
    using namespace = new NetworkNamespace(identity.source === 'self' ? OWN : identity.source)
    if (namespace.inode !== identity.inode) return // another one has taken the path: the next look sees it
    this.#user.open(identity, namespace)
    this.#open.set(identity.inode, identity)
  }

  /** What should be read now: names given by a person win over numbers. */
  #wanted(): NamespaceIdentity[] {
    const wanted = new Map<number, NamespaceIdentity>()
    const add = (identity: NamespaceIdentity): void => {
      if (!wanted.has(identity.inode)) wanted.set(identity.inode, identity)
    }
    for (const source of this.#sources) {
      const path = this.#pathOf(source)
      const inode = path === undefined ? undefined : inodeOf(path)
      if ('name' in source && path !== undefined && inode !== undefined)
        add({ netns: source.name, inode, source: path })
    }
    if (this.#sources.some((source) => source.kind !== 'path' && source.kind !== 'process')) {
      const inode = currentNamespaceInode()
      add({ netns: String(inode), inode, source: 'self' })
    }
    for (const identity of this.#found) add(identity)
    return [...wanted.values()]
  }

  #look(nowMs: number): void {
    this.#namedDueMs = nowMs + NAMED_EVERY_MS
    if (!this.#sources.some((source) => source.kind === 'all')) {
      this.#allDueMs = Number.POSITIVE_INFINITY
      return
    }
    if (nowMs < this.#allDueMs) return
    this.#allDueMs = nowMs + ALL_EVERY_MS
    const found = findNamespaces(this.#proc)
    this.#found = found.map(({ inode, path }) => ({ netns: String(inode), inode, source: path }))
  }

  #pathOf(source: NamespaceSource): string | undefined {
    if (source.kind === 'path') return source.path
    return source.kind === 'process' ? `${this.#proc}/${source.pid}/ns/net` : undefined
  }

  #preflight(): void {
    const inodes = new Map<number, string>()
    for (const source of this.#sources) {
      if (!('name' in source)) continue
      const path = this.#pathOf(source)!
      const what = `--netns ${source.name}=${source.kind === 'process' ? source.pid : source.path}`
      let inode: number
      try {
        inode = fs.statSync(path).ino
      } catch (error) {
        throw cannotLook(what, path, error)
      }
      const other = inodes.get(inode)
      if (other !== undefined) throw new UsageError(`${what} is the same network namespace as ${other}`)
      inodes.set(inode, what)
      if (inode !== currentNamespaceInode()) tryToEnter(what, path)
    }
    // Without the capability `all` would find its own namespace alone, and look as if there were no other.
    if (this.#sources.some((source) => source.kind === 'all')) tryToEnter('--netns all', OWN)
  }

  #complain(identity: NamespaceIdentity, error: unknown): void {
    if (error instanceof KernelError) this.#user.failed(error.code)
    else if (errorCode(error) === 'ENOENT') return
    else this.#user.failed(errorCode(error) ?? 'unknown')
    if (this.#complained.has(identity.source)) return
    this.#complained.add(identity.source)
    const message = error instanceof Error ? error.message : String(error)
    this.#user.log(`Network namespace ${describe(identity)} cannot be read: ${message}`)
  }
}

/** `server (inode 4026531840)`; one without a name goes by where it was found. */
export const describe = ({ netns, inode, source }: NamespaceIdentity): string =>
  `${netns === String(inode) ? source : netns} (inode ${inode})`

function inodeOf(path: string): number | undefined {
  try {
    return fs.statSync(path).ino
  } catch {
    return undefined // not there at present
  }
}

function tryToEnter(what: string, path: string): void {
  try {
    using namespace = new NetworkNamespace(path)
    const here = new NetworkNamespace()
    namespace.enter()
    here.enter()
    here.close()
  } catch (error) {
    throw cannotLook(what, path, error)
  }
}

function cannotLook(what: string, path: string, error: unknown): UsageError {
  const code = error instanceof KernelError ? error.code : errorCode(error)
  if (code === 'EPERM' || code === 'EACCES')
    return new UsageError(
      `${what} needs CAP_SYS_ADMIN to enter another network namespace`,
      'Run the exporter as root or with that capability, or start it inside the namespace, where it needs none',
    )
  if (code === 'ENOENT') return new UsageError(`${what}: ${path} does not exist`)
  if (code === 'EINVAL') return new UsageError(`${what}: ${path} is not a network namespace`)
  return new UsageError(`${what}: ${error instanceof Error ? error.message : String(error)}`)
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
