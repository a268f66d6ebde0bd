/** A listener to be numbered. */
export interface ShardCandidate {
  /** Names the socket for good. */
  id: string
  inode: number
  /** Of its first owner; empty if that may not be seen. */
  commandLine: string
}

interface Slot {
  /** The listener that has this number now. */
  listener: string | undefined
  commandLine: string
}

interface Group {
  slots: Slot[]
  lastUsedMs: number
}

/** An address without a listener for this long starts numbering again. */
const FORGET_MS = 3_600_000

/**
 * Small numbers for the listeners that share an address and port, from 1, in order of appearance. Those that appear
 * together are ordered by their command lines, `backend-2` before `backend-10`, and then by inode, which says little: each
 * CPU allocates inodes from its own batch. A number that has become free goes first to a newcomer with the command line of
 * its last listener, so that a restarted backend keeps its shard; otherwise a newcomer takes the lowest free number.
 */
export class Shards {
  readonly #groups = new Map<string, Group>()
  readonly #numbers = new Map<string, number>()

  /** Takes the listeners that exist now, by group, and forgets those that are gone. */
  update(present: ReadonlyMap<string, readonly ShardCandidate[]>, nowMs: number): void {
    for (const [name, group] of this.#groups) {
      const candidates = present.get(name)
      if (candidates === undefined) this.#free(group, [])
      if (candidates === undefined && nowMs - group.lastUsedMs > FORGET_MS) this.#groups.delete(name)
    }
    for (const [name, candidates] of present) {
      const group = this.#groups.get(name) ?? { slots: [], lastUsedMs: nowMs }
      this.#groups.set(name, group)
      group.lastUsedMs = nowMs
      this.#free(group, candidates)
      this.#numberNewcomers(group, candidates)
    }
  }

  /** The number of a listener that is present. */
  of(id: string): number {
    return this.#numbers.get(id) ?? 0
  }

  #free({ slots }: Group, present: readonly ShardCandidate[]): void {
    for (const slot of slots) {
      if (slot.listener === undefined) continue
      const candidate = present.find(({ id }) => id === slot.listener)
      // A successor is recognised by the last command line that could be read.
      if (candidate !== undefined) slot.commandLine = candidate.commandLine || slot.commandLine
      else {
        this.#numbers.delete(slot.listener)
        slot.listener = undefined
      }
    }
  }

  #numberNewcomers({ slots }: Group, present: readonly ShardCandidate[]): void {
    const newcomers = present.filter(({ id }) => !this.#numbers.has(id)).sort(byName)
    const strangers = newcomers.filter((candidate) => {
      const own = slots.findIndex(
        ({ listener, commandLine }) =>
          listener === undefined && commandLine !== '' && commandLine === candidate.commandLine,
      )
      if (own >= 0) this.#take(slots, own, candidate)
      return own < 0
    })
    for (const stranger of strangers) {
      const free = slots.findIndex(({ listener }) => listener === undefined)
      this.#take(slots, free < 0 ? slots.length : free, stranger)
    }
  }

  #take(slots: Slot[], at: number, { id, commandLine }: ShardCandidate): void {
    slots[at] = { listener: id, commandLine }
    this.#numbers.set(id, at + 1)
  }
}

const { compare } = new Intl.Collator('en', { numeric: true })

const byName = (a: ShardCandidate, b: ShardCandidate): number =>
  compare(a.commandLine, b.commandLine) || a.inode - b.inode
