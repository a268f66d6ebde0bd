import { type DumpCost, perKind, type RawNamespace, type RawSamples, type RawSnapshot } from '../sampler/message.ts'
import type { Samples } from '../samples.ts'
import type { UnreadNamespaces } from '../sight.ts'
import type { ListenerSample, ProcessFiles, Snapshot } from '../snapshot.ts'
import { NamespaceNames } from './namespace-names.ts'
import { OpenFiles } from './open-files.ts'
import { type OwnerHealth, OwnerRegister } from './owner-register.ts'
import { Places } from './places.ts'
import { ShardFile } from './shard-file.ts'
import { type ShardCandidate, Shards } from './shards.ts'
import { socketInodes } from './socket-inodes.ts'
import { Spokesmen } from './spokesmen.ts'
import { UnixListeners } from './unix-listeners.ts'

export interface IdentifierOptions {
  /** Where shard numbers are kept for the next run. */
  stateDir?: string | undefined
  log?(line: string): void
  owners?: OwnerRegister
  places?: Places
  names?: NamespaceNames
  /** What was found of network namespaces beyond those that are read. */
  unreadNamespaces?(read: readonly { inode: number }[]): UnreadNamespaces | undefined
}

/**
 * Gives each listener its shard, its owners and its workload. Runs in the main thread: a walk over the files of every
 * process takes milliseconds, and the sampler has none to spare.
 */
export class Identifier {
  readonly #owners: OwnerRegister
  readonly #places: Places
  readonly #names: NamespaceNames
  readonly #spokesmen = new Spokesmen()
  readonly #shards = new Shards()
  readonly #unix: UnixListeners
  readonly #openFiles: OpenFiles
  readonly #file: ShardFile | undefined
  readonly #unreadNamespaces: NonNullable<IdentifierOptions['unreadNamespaces']>
  #restored = false

  constructor(
    proc: string,
    { stateDir, log = () => {}, owners, places, names, unreadNamespaces }: IdentifierOptions = {},
  ) {
    this.#owners = owners ?? new OwnerRegister(proc, { log })
    this.#places = places ?? Places.onHost(proc)
    this.#names = names ?? new NamespaceNames(proc)
    this.#unix = new UnixListeners(this.#owners, this.#places)
    this.#openFiles = new OpenFiles(proc)
    this.#unreadNamespaces = unreadNamespaces ?? (() => undefined)
    this.#file = stateDir === undefined ? undefined : ShardFile.in(stateDir, proc, log)
  }

  identify(raw: RawSnapshot): Snapshot {
    if (!this.#restored) this.#file?.restore(this.#shards, raw.monotonicMs)
    this.#restored = true
    const inodes = socketInodes(raw)
    this.#owners.update(inodes)
    this.#names.update(raw.namespaces.map(({ inode }) => inode))
    this.#places.update(raw.namespaces)
    this.#shards.update(this.#candidates(raw), raw.monotonicMs)
    this.#file?.offer(this.#shards, raw.monotonicMs)
    this.#unix.update(raw)
    const snapshot: Snapshot = {
      sequence: raw.sequence,
      timeMs: raw.timeMs,
      monotonicMs: raw.monotonicMs,
      sampler: raw.sampler,
      ownersAgeSeconds: this.#owners.health.ageSeconds ?? null,
      ...this.#unread(raw),
      namespaces: raw.namespaces.map((namespace) => {
        const { unixListeners: _, source: _source, listenersVersion: _version, costs, ...rest } = namespace
        return {
          ...rest,
          name: this.#names.of(namespace.inode),
          ...this.#places.ofNamespace(namespace.inode),
          agesSeconds: perKind((kind) => ageOf(costs[kind], raw.monotonicMs)),
          listeners: this.#identified(namespace),
          ...this.#unix.of(namespace),
        }
      }),
    }
    this.#spokesmen.forgetOthers(inodes)
    this.#places.lookForUnknown()
    this.#openFiles.update(snapshot.namespaces)
    const processes = this.#openFiles.known
    return processes === undefined ? snapshot : { ...snapshot, processes }
  }

  /** Samples with the shard of each listener: its current one, or its last. */
  identifySamples({ namespace, listeners: { inode, ...columns }, ...rest }: RawSamples): Samples {
    const shard = columns.cookie.map((cookie, row) =>
      this.#shards.lastOf(idOf(namespace, { inode: inode[row]!, cookie })),
    )
    return { ...rest, listeners: { ...columns, shard } }
  }

  /** Resolves when whatever is being looked up is known. */
  settled(): Promise<void> {
    return this.#owners.settled()
  }

  /** The open files of the processes in a snapshot, counted ten seconds ago at most. */
  async filesOf({ namespaces }: Snapshot): Promise<ProcessFiles[]> {
    this.#openFiles.update(namespaces)
    await this.#openFiles.settled()
    return this.#openFiles.known ?? []
  }

  /** What may not be read, where there is any. */
  #unread({ namespaces }: RawSnapshot): Pick<Snapshot, 'unread'> {
    const { hidden } = this.#owners.health
    const others = this.#unreadNamespaces(namespaces) ?? { namespaces: 0, processes: 0 }
    return hidden + others.namespaces + others.processes === 0
      ? {}
      : { unread: { ...others, processesOfListeners: hidden } }
  }

  /** How the search for owners goes. */
  get ownerHealth(): OwnerHealth {
    return this.#owners.health
  }

  /** Saves the shard numbers, and looks up nothing any more. */
  close(): void {
    this.#owners.close()
    this.#places.close()
    this.#names.close()
    this.#file?.close(this.#shards)
  }

  /** A listener without a number is left out: its owners are still being looked for, and decide about the number. */
  #identified({ inode, listeners }: RawNamespace): ListenerSample[] {
    const identified: ListenerSample[] = []
    for (const listener of listeners) {
      const shard = this.#shards.of(idOf(inode, listener))
      if (shard === 0) continue
      const owners = this.#owners.of(listener.inode)
      const waiters = this.#owners.waitersAt(listener.inode)
      const unseen = this.#owners.unseenAt(listener.inode)
      const spokesman = this.#spokesmen.of(listener.inode, owners, waiters)
      const place = this.#places.of(inode, spokesman?.workload, listener.cgroupId)
      // Written out: a host may have ten thousand, several times a second.
      identified.push({
        address: listener.address,
        port: listener.port,
        shard,
        length: listener.length,
        limit: listener.limit,
        peak: listener.peak,
        atLeastSeconds: listener.atLeastSeconds,
        fullSecondsInWindow: listener.fullSecondsInWindow,
        used: listener.used,
        drops: listener.drops,
        ...(listener.dropsFromZero !== undefined && { dropsFromZero: listener.dropsFromZero }),
        ...(listener.seenSinceMs !== undefined && { seenSinceMs: listener.seenSinceMs }),
        inode: listener.inode,
        cookie: listener.cookie,
        ...(listener.protocol !== undefined && { protocol: listener.protocol }),
        uid: listener.uid,
        device: listener.device,
        process: spokesman?.command ?? '',
        pid: spokesman?.pid ?? null,
        pids: owners.map(({ pid }) => pid),
        acceptors: waiters === undefined ? null : [...waiters],
        ...(unseen !== undefined && { unseen: { processes: unseen.processes, related: [...unseen.related] } }),
        ...place,
        ...(listener.exact !== undefined && { exact: listener.exact }),
        ...(listener.events !== undefined && { events: listener.events }),
      })
    }
    return identified.sort(byShard)
  }

  /**
   * Grouped by the name of the namespace, not its inode: a named one that is recreated keeps its numbers. Sockets that are
   * bound to different devices are no group to the kernel, but have the same labels, so their numbers must differ.
   */
  #candidates(raw: RawSnapshot): Map<string, ShardCandidate[]> {
    const groups = new Map<string, ShardCandidate[]>()
    for (const { netns, inode: namespace, listeners } of raw.namespaces) {
      for (const listener of listeners) {
        const name = `${netns}|${listener.address}|${listener.port}`
        const group = groups.get(name) ?? []
        groups.set(name, group)
        const owner = this.#owners.of(listener.inode)[0]
        group.push({
          id: idOf(namespace, listener),
          inode: listener.inode,
          commandLine: owner?.commandLine ?? (this.#owners.isKnown(listener.inode) ? '' : undefined),
        })
      }
    }
    return groups
  }
}

const ageOf = ({ readMs }: DumpCost, nowMs: number): number | null => (readMs === null ? null : (nowMs - readMs) / 1000)

/** Identity of a listener: {namespace, inode, cookie}. */
const idOf = (namespace: number, { inode, cookie }: { inode: number; cookie: string }): string =>
  `${namespace}/${inode}/${cookie}`

const byShard = (a: ListenerSample, b: ListenerSample): number =>
  a.port - b.port || (a.address < b.address ? -1 : a.address > b.address ? 1 : a.shard - b.shard)
