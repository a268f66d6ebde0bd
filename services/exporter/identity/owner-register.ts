import { type Owner, ownersOf } from '#kernel/owners.ts'

/** A new socket is looked up once more after this long: a parent may be handing it to its children. */
const SECOND_LOOK_MS = 1000
/** Owners may join later too, by a fork or a passed descriptor. */
const LATER_LOOK_MS = 10_000
/** The share of a core that walks over all processes may take: in the long run, and while unknown sockets appear. */
const SHARE = 0.02
const URGENT_SHARE = 0.2

/** The walk over /proc, and the clock by which it is rationed. */
export interface OwnerRegisterNeeds {
  find(inodes: ReadonlySet<number>): ReadonlyMap<number, Owner[]>
  clock(): number
}

/** Remembers who holds which socket, and walks over /proc only when there may be something new to learn. */
export class OwnerRegister {
  readonly #needs: OwnerRegisterNeeds
  #owners: ReadonlyMap<number, Owner[]> = new Map()
  #known: ReadonlySet<number> = new Set()
  #lastWalkMs = Number.NEGATIVE_INFINITY
  #lastCostMs = 0
  #secondLookMs = Number.POSITIVE_INFINITY

  constructor(proc: string, needs?: OwnerRegisterNeeds) {
    this.#needs = needs ?? { find: (inodes) => ownersOf(inodes, proc), clock: () => performance.now() }
  }

  /** Takes the sockets that exist now. True if something new may be known. */
  update(inodes: ReadonlySet<number>): boolean {
    const nowMs = this.#needs.clock()
    const unknown = [...inodes].some((inode) => !this.#known.has(inode))
    const dueMs = unknown ? nowMs : Math.min(this.#secondLookMs, this.#lastWalkMs + LATER_LOOK_MS)
    const restMs = this.#lastCostMs / (unknown ? URGENT_SHARE : SHARE)
    if (inodes.size === 0 || nowMs < Math.max(dueMs, this.#lastWalkMs + restMs)) return false
    this.#owners = this.#needs.find(inodes)
    this.#known = inodes
    this.#secondLookMs = unknown ? nowMs + SECOND_LOOK_MS : Number.POSITIVE_INFINITY
    this.#lastCostMs = this.#needs.clock() - nowMs
    this.#lastWalkMs = nowMs
    return true
  }

  /** The owners of a socket, lowest pid first; empty if none can be seen. */
  of(inode: number): readonly Owner[] {
    return this.#owners.get(inode) ?? []
  }
}
