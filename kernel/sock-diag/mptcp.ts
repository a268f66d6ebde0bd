import fs from 'node:fs'
import os from 'node:os'
import { KernelError } from '../errors.ts'
import * as libc from '../libc.ts'
import { states } from './layout.ts'
import { PreparedDump, type SockDiag } from './socket.ts'

/** What a listening socket was opened as. */
export type ListenerProtocol = 'tcp' | 'mptcp'

/** Where every kernel with MPTCP has its settings, in each network namespace. */
const SETTINGS = '/proc/sys/net/mptcp'
/** Before it the kernel dumps MPTCP connections, but no listeners. */
const LISTENERS_SINCE = [5, 19] as const

/**
 * Tells which of the listeners that a TCP dump shows are MPTCP's: docs/kernel-facts.md#mptcp-listeners. Such a listener has one
 * socket of each kind, with one inode and two cookies; the TCP dump shows the one that has the queue and its drops, and says
 * nothing of MPTCP. What is asked here needs no privilege.
 */
export class MptcpListeners {
  readonly #dumps: readonly PreparedDump[]
  #inodes = new Set<number>()
  #canTell: boolean

  constructor(release = os.release(), settings = SETTINGS) {
    const exists = fs.existsSync(settings)
    this.#canTell = !exists || isAtLeast(release, LISTENERS_SINCE)
    this.#dumps = exists && this.#canTell ? [libc.AF_INET, libc.AF_INET6].map(dumpOf) : []
  }

  /** Asks the kernel anew, in the namespace of `diag`. */
  read(diag: Pick<SockDiag, 'dump'>): void {
    if (!this.#canTell) return
    const inodes = new Set<number>()
    try {
      for (const dump of this.#dumps) diag.dump(dump, ({ inode }) => inodes.add(inode))
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      this.#canTell = false // ENOENT: its diagnostics were not built, or may not be loaded
    }
    this.#inodes = inodes
  }

  /** What the listener with this inode is; undefined if this kernel cannot tell, or no process has it (0). */
  protocolOf(inode: number): ListenerProtocol | undefined {
    if (!this.#canTell || inode === 0) return undefined
    return this.#inodes.has(inode) ? 'mptcp' : 'tcp'
  }
}

const dumpOf = (family: number): PreparedDump =>
  new PreparedDump({ family, protocol: libc.IPPROTO_MPTCP, states: states.listen })

function isAtLeast(release: string, [major, minor]: readonly [number, number]): boolean {
  const [its = 0, itsMinor = 0] = release.split('.').map(Number)
  return its > major || (its === major && itsMinor >= minor)
}
