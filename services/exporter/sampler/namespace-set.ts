import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { codeOf } from '#common/system-errors.ts'
import { KernelError } from '#kernel/errors.ts'
import { currentNamespaceInode, NetworkNamespace } from '#kernel/netns.ts'
import type { Discovery, NamespaceIdentity } from './message.ts'
import { NamespaceLog } from './namespace-log.ts'
import type { NamespaceSource } from './namespace-source.ts'

const NAMED_EVERY_MS = 1000
const DISCOVERIES_EVERY_MS = 100
/** A namespace is opened and read for the first time in about a millisecond: in one tick, not more of them. */
const CHANGES_A_TICK = 1
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
  readonly #discoveries: () => Discovery | undefined
  readonly #log: NamespaceLog
  readonly #own = currentNamespaceInode()
  /** By inode. */
  readonly #open = new Map<number, NamespaceIdentity>()
  #found: NamespaceIdentity[] = []
  /** What is to be opened and closed, a little in each tick. */
  #changes: { identity: NamespaceIdentity; opens: boolean }[] = []
  #namedDueMs = 0
  #discoveriesDueMs = 0
  #discoveryFailed: string | undefined

  /** `discoveries` gives what has been found of the namespaces of all processes since it was last called, or undefined. */
  constructor(
    sources: readonly NamespaceSource[],
    proc: string,
    user: NamespaceUser,
    discoveries: () => Discovery | undefined,
  ) {
    this.#sources = sources
    this.#proc = proc
    this.#user = user
    this.#discoveries = discoveries
    this.#log = new NamespaceLog((line) => user.log(line))
  }

  /** The first look. What cannot be read now is a mistake of the person who asked, so it throws a UsageError. */
  start(nowMs: number): void {
    this.#preflight()
    this.#namedDueMs = nowMs + NAMED_EVERY_MS
    this.#discover(nowMs)
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

  /** A later look: namespaces come and go. Called in every tick, so it does little at a time. */
  refresh(nowMs: number): void {
    if (this.#discover(nowMs) || nowMs >= this.#namedDueMs) {
      this.#namedDueMs = nowMs + NAMED_EVERY_MS
      this.#compare()
    }
    if (this.#changes.length > 0)
      for (const change of this.#changes.splice(0, CHANGES_A_TICK)) this.#change(change, nowMs)
    this.#log.sumUp(nowMs, this.#open.size)
  }

  get identities(): NamespaceIdentity[] {
    return [...this.#open.values()]
  }

  #enter(identity: NamespaceIdentity): boolean {
    using namespace = new NetworkNamespace(identity.source === 'self' ? OWN : identity.source)
    if (namespace.inode !== identity.inode) return false // another one has taken the path: the next look sees it
    this.#user.open(identity, namespace)
    this.#open.set(identity.inode, identity)
    return true
  }

  /** Finds out what is to be opened and closed. */
  #compare(): void {
    const wanted = new Map(this.#wanted().map((identity) => [identity.inode, identity]))
    this.#changes = []
    for (const [inode, identity] of this.#open)
      if (wanted.get(inode)?.netns !== identity.netns) this.#changes.push({ identity, opens: false })
    for (const identity of wanted.values())
      if (this.#open.get(identity.inode)?.netns !== identity.netns) this.#changes.push({ identity, opens: true })
    const sources = new Set([...wanted.values()].map(({ source }) => source))
    this.#log.forget((source) => sources.has(source))
  }

  #change({ identity, opens }: { identity: NamespaceIdentity; opens: boolean }, nowMs: number): void {
    if (!opens) {
      this.#open.delete(identity.inode)
      this.#user.close(identity)
      this.#log.went(describe(identity), nowMs)
      return
    }
    try {
      if (!this.#enter(identity)) return
      this.#log.came(describe(identity), nowMs)
      this.#log.forget((source) => source !== identity.source)
    } catch (error) {
      this.#complain(identity, error)
      // With no descriptor left, the others would fail in the same way.
      if (['EMFILE', 'ENFILE'].includes(codeOfAny(error) ?? ''))
        this.#changes = this.#changes.filter(({ opens }) => !opens)
    }
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
      add({ netns: String(this.#own), inode: this.#own, source: 'self' })
    }
    for (const identity of this.#found) add(identity)
    return [...wanted.values()]
  }

  /** Takes what the main thread has found. True if there was something. */
  #discover(nowMs: number): boolean {
    if (nowMs < this.#discoveriesDueMs) return false
    this.#discoveriesDueMs = nowMs + DISCOVERIES_EVERY_MS
    const discovery = this.#discoveries()
    if (discovery === undefined) return false
    if ('failed' in discovery) {
      // Those that are open may live on, and what they hold is true: they are read until it is known that they are gone.
      this.#user.failed(discovery.failed)
      if (this.#discoveryFailed !== discovery.failed)
        this.#user.log(
          `Network namespaces cannot be looked for at present; those that are known are read. ${discovery.why}`,
        )
      this.#discoveryFailed = discovery.failed
      return false
    }
    if (this.#discoveryFailed !== undefined) this.#user.log('Network namespaces are looked for again')
    this.#discoveryFailed = undefined
    this.#found = discovery.found.map(({ inode, path }) => ({ netns: String(inode), inode, source: path }))
    return true
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
      if (inode !== this.#own) tryToEnter(what, path)
    }
    // Without the capability `all` would find its own namespace alone, and look as if there were no other.
    if (this.#sources.some((source) => source.kind === 'all')) tryToEnter('--netns all', OWN)
  }

  #complain(identity: NamespaceIdentity, error: unknown): void {
    const code = codeOfAny(error)
    if (code === 'ENOENT') return // gone meanwhile
    this.#user.failed(code ?? 'unknown')
    this.#log.cannotRead(identity.source, describe(identity), error instanceof Error ? error.message : String(error))
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
  const code = codeOfAny(error)
  if (code === 'EPERM' || code === 'EACCES')
    return new UsageError(
      `${what} needs CAP_SYS_ADMIN to enter another network namespace, and CAP_SYS_PTRACE to see those of other users' processes`,
      'Run the exporter as root or with both, or start it inside the namespace, where it needs none',
    )
  if (code === 'ENOENT') return new UsageError(`${what}: ${path} does not exist`)
  if (code === 'EINVAL') return new UsageError(`${what}: ${path} is not a network namespace`)
  return new UsageError(`${what}: ${error instanceof Error ? error.message : String(error)}`)
}

const codeOfAny = (error: unknown): string | undefined => (error instanceof KernelError ? error.code : codeOf(error))
