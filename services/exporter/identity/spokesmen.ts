import type { Owner } from '#kernel/owners.ts'

/**
 * The one process that stands for a socket where there is room for one: the lowest pid that was seen to accept from it,
 * otherwise the lowest that holds it. It remains for as long as it holds the socket, or the labels would change with every
 * look: workers that are busy do not wait at the socket.
 */
export class Spokesmen {
  readonly #byInode = new Map<number, { pid: number; accepts: boolean }>()

  of(inode: number, owners: readonly Owner[], waiters: readonly number[] | undefined): Owner | undefined {
    const present = this.#byInode.get(inode)
    const same = owners.find(({ pid }) => pid === present?.pid)
    if (same !== undefined && present !== undefined && (present.accepts || (waiters?.length ?? 0) === 0)) return same
    const accepting = owners.find(({ pid }) => waiters?.includes(pid))
    const chosen = accepting ?? owners[0]
    if (chosen === undefined) this.#byInode.delete(inode)
    else this.#byInode.set(inode, { pid: chosen.pid, accepts: accepting !== undefined })
    return chosen
  }

  /** Forgets all sockets but these. */
  forgetOthers(inodes: ReadonlySet<number>): void {
    for (const inode of this.#byInode.keys()) if (!inodes.has(inode)) this.#byInode.delete(inode)
  }
}
