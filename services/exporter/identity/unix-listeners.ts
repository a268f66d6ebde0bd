import type { Owner } from '#kernel/owners.ts'
import type { RawNamespace, RawSnapshot, RawUnixListener } from '../sampler/message.ts'
import type { UnixListenerSample } from '../snapshot.ts'
import { type ShardCandidate, Shards } from './shards.ts'

/** What is known of the processes that hold a socket. */
export interface OwnerSource {
  owners(inode: number): readonly Owner[]
  container(owners: readonly Owner[]): string
}

/**
 * Gives each listening UNIX socket its shard and its owners. Most paths have one listener; several have the same where a server
 * is being replaced, in containers that share a network namespace, and where the path is relative.
 */
export class UnixListeners {
  readonly #source: OwnerSource
  readonly #shards = new Shards()

  constructor(source: OwnerSource) {
    this.#source = source
  }

  /** The inodes whose owners are wanted. */
  static inodes(raw: RawSnapshot): number[] {
    return raw.namespaces.flatMap(({ unixListeners = [] }) => unixListeners.map(({ inode }) => inode))
  }

  /** Takes the listeners that exist now. */
  update(raw: RawSnapshot): void {
    const groups = new Map<string, ShardCandidate[]>()
    for (const { netns, inode: namespace, unixListeners = [] } of raw.namespaces) {
      for (const listener of unixListeners) {
        const name = `${netns}|${listener.path}`
        const group = groups.get(name) ?? []
        groups.set(name, group)
        const { inode } = listener
        const commandLine = this.#source.owners(inode)[0]?.commandLine ?? ''
        group.push({ id: idOf(namespace, listener), inode, commandLine })
      }
    }
    this.#shards.update(groups, raw.monotonicMs)
  }

  /** Those of one namespace; absent where they were never read. */
  of({ inode: namespace, unixListeners }: RawNamespace): { unixListeners?: UnixListenerSample[] } {
    if (unixListeners === undefined) return {}
    return {
      unixListeners: unixListeners.map((listener) => {
        const owners = this.#source.owners(listener.inode)
        return {
          ...listener,
          shard: this.#shards.of(idOf(namespace, listener)),
          process: owners[0]?.command ?? '',
          pids: owners.map(({ pid }) => pid),
          container: this.#source.container(owners),
        }
      }),
    }
  }
}

const idOf = (namespace: number, { inode, cookie }: RawUnixListener): string => `${namespace}/${inode}/${cookie}`
