import type { RawNamespace, RawSnapshot, RawUnixListener } from '../sampler/message.ts'
import type { UnixListenerSample } from '../snapshot.ts'
import type { OwnerRegister } from './owner-register.ts'
import type { Places } from './places.ts'
import { type ShardCandidate, Shards } from './shards.ts'

/** What is known of the processes that hold a socket. */
export type OwnerSource = Pick<OwnerRegister, 'of' | 'isKnown' | 'waitersAt' | 'unseenAt'>

/**
 * Gives each listening UNIX socket its shard and its owners. Most paths have one listener; several have the same where a server
 * is being replaced, in containers that share a network namespace, and where the path is relative.
 */
export class UnixListeners {
  readonly #source: OwnerSource
  readonly #places: Pick<Places, 'of'>
  readonly #shards = new Shards()

  constructor(source: OwnerSource, places: Pick<Places, 'of'>) {
    this.#source = source
    this.#places = places
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
        const commandLine = this.#source.of(inode)[0]?.commandLine ?? (this.#source.isKnown(inode) ? '' : undefined)
        group.push({ id: idOf(namespace, listener), inode, commandLine })
      }
    }
    this.#shards.update(groups, raw.monotonicMs)
  }

  /** Those of one namespace; absent where they were never read. */
  of({ inode: namespace, unixListeners }: RawNamespace): { unixListeners?: UnixListenerSample[] } {
    if (unixListeners === undefined) return {}
    const identified: UnixListenerSample[] = []
    for (const listener of unixListeners) {
      const shard = this.#shards.of(idOf(namespace, listener))
      if (shard === 0) continue // its owners are still being looked for, and decide about the number
      const owners = this.#source.of(listener.inode)
      const place = this.#places.of(namespace, owners[0]?.workload)
      const [process, pids] = [owners[0]?.command ?? '', owners.map(({ pid }) => pid)]
      const waiters = this.#source.waitersAt(listener.inode)
      const unseen = this.#source.unseenAt(listener.inode)
      identified.push({
        ...listener,
        ...{ shard, process, pids, acceptors: waiters === undefined ? null : [...waiters] },
        ...(unseen !== undefined && { unseen: { processes: unseen.processes, related: [...unseen.related] } }),
        ...place,
      })
    }
    return { unixListeners: identified }
  }
}

const idOf = (namespace: number, { inode, cookie }: RawUnixListener): string => `${namespace}/${inode}/${cookie}`
