import { type DumpCost, perKind, type RawListener, type RawSamples, type RawSnapshot } from '../sampler/message.ts'
import type { Samples } from '../samples.ts'
import type { ListenerSample, Snapshot } from '../snapshot.ts'
import { Containers } from './containers.ts'
import { OpenFiles } from './open-files.ts'
import { OwnerRegister } from './owner-register.ts'
import { type ShardCandidate, Shards } from './shards.ts'
import { UnixListeners } from './unix-listeners.ts'

/**
 * Gives each listener its shard, its owners and its container. Runs in the main thread: a walk over the files of every
 * process takes milliseconds, and the sampler has none to spare.
 */
export class Identifier {
  readonly #owners: OwnerRegister
  readonly #containers: Containers
  readonly #shards = new Shards()
  /** Of listeners whose samples were recorded: a closed one is still in its last batch. */
  readonly #shardsSeen = new Map<string, number>()
  readonly #unix: UnixListeners
  readonly #openFiles: OpenFiles

  constructor(proc: string, owners = new OwnerRegister(proc), containers = new Containers(proc)) {
    this.#owners = owners
    this.#containers = containers
    this.#unix = new UnixListeners({
      owners: (inode) => owners.of(inode),
      container: (holders) => containers.of(undefined, holders),
    })
    this.#openFiles = new OpenFiles(proc)
  }

  identify(raw: RawSnapshot): Snapshot {
    const inodes = new Set(raw.namespaces.flatMap(({ listeners }) => listeners.map(({ inode }) => inode)))
    for (const inode of UnixListeners.inodes(raw)) inodes.add(inode)
    if (this.#owners.update(inodes)) this.#containers.forgetProcesses()
    this.#shards.update(this.#candidates(raw), raw.monotonicMs)
    this.#unix.update(raw)
    const snapshot: Snapshot = {
      sequence: raw.sequence,
      timeMs: raw.timeMs,
      monotonicMs: raw.monotonicMs,
      sampler: raw.sampler,
      namespaces: raw.namespaces.map((namespace) => {
        const { unixListeners: _, source: _source, costs, ...rest } = namespace
        return {
          ...rest,
          agesSeconds: perKind((kind) => ageOf(costs[kind], raw.monotonicMs)),
          listeners: rest.listeners.map((listener) => this.#identified(rest.inode, listener)).sort(byShard),
          ...this.#unix.of(namespace),
        }
      }),
    }
    this.#openFiles.update(snapshot.namespaces)
    const processes = this.#openFiles.known
    return processes === undefined ? snapshot : { ...snapshot, processes }
  }

  /** Samples with the shard of each listener: its current one, or its last. */
  identifySamples({ namespace, listeners: { inode, ...columns }, ...rest }: RawSamples): Samples {
    const shard = columns.cookie.map((cookie, row) => this.#lastShard(idOf(namespace, { inode: inode[row]!, cookie })))
    return { ...rest, listeners: { ...columns, shard } }
  }

  #lastShard(id: string): number {
    const shard = this.#shards.of(id)
    if (shard !== 0) this.#shardsSeen.set(id, shard)
    return shard || (this.#shardsSeen.get(id) ?? 0)
  }

  #identified(namespace: number, { cgroupId, ...listener }: RawListener): ListenerSample {
    const owners = this.#owners.of(listener.inode)
    return {
      ...listener,
      shard: this.#shards.of(idOf(namespace, listener)),
      process: owners[0]?.command ?? '',
      pids: owners.map(({ pid }) => pid),
      container: this.#containers.of(cgroupId, owners),
    }
  }

  /** Grouped by the name of the namespace, not its inode: a named one that is recreated keeps its numbers. */
  #candidates(raw: RawSnapshot): Map<string, ShardCandidate[]> {
    const groups = new Map<string, ShardCandidate[]>()
    for (const { netns, inode: namespace, listeners } of raw.namespaces) {
      for (const listener of listeners) {
        const name = `${netns}|${listener.address}|${listener.port}`
        const group = groups.get(name) ?? []
        groups.set(name, group)
        group.push({
          id: idOf(namespace, listener),
          inode: listener.inode,
          commandLine: this.#owners.of(listener.inode)[0]?.commandLine ?? '',
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
  a.port - b.port || a.address.localeCompare(b.address) || a.shard - b.shard
