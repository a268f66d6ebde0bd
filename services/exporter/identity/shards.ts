/** A listener to be numbered. */
export interface ShardCandidate {
  /** Names the socket for good. */
  id: string
  inode: number
  /** Of its first owner; empty if that may not be seen, undefined while it is still being looked for. */
  commandLine: string | undefined
}

/** A number, who has it (empty: nobody) and the fingerprint of the command line that last had it (empty: not known). */
export type SavedSlot = [shard: number, id: string, fingerprint: string]
/** What can be saved of all numbers, by group. */
export type SavedShards = Record<string, SavedSlot[]>

interface Slot {
  /** The listener that has this number now. */
  listener: string | undefined
  commandLine: string
  /** Of the command line; computed when it is needed. Command lines can hold secrets, so they are not saved. */
  fingerprint: string | undefined
}

interface Group {
  slots: Slot[]
  idleSinceMs: number
}

/** An address without a listener for this long starts numbering again. */
const FORGET_MS = 3_600_000
/** Of addresses without a listener, as many numbers are remembered, and as many of the free numbers of one that has some. */
const MOST_IDLE_SLOTS = 20_000
const MOST_FREE_SLOTS = 1000
/** How long the number of a listener that has closed can still be asked for: half of this at least. */
const LAST_MS = 60_000

/**
 * Small numbers for the listeners that share an address and port, from 1, in order of appearance. Those that appear
 * together are ordered by their command lines, `backend-2` before `backend-10`, and then by inode, which says little: each
 * CPU allocates inodes from its own batch. A number that has become free goes first to a newcomer with the command line of
 * its last listener, so that a restarted backend keeps its shard; otherwise a newcomer takes the lowest free number.
 * Newcomers that would be numbered otherwise once their command lines are known have no number until then.
 */
export class Shards {
  /** Those with a listener, and those without one in the order in which they lost the last. */
  readonly #groups = new Map<string, Group>()
  readonly #idle = new Map<string, Group>()
  #idleSlots = 0
  readonly #numbers = new Map<string, number>()
  /** Numbers of listeners that have closed: since the last turn of these pages, and in the time before. */
  #closed = new Map<string, number>()
  #closedBefore = new Map<string, number>()
  #turnMs = Number.NEGATIVE_INFINITY
  #changes = 0

  /** Takes the listeners that exist now, by group, and forgets those that are gone. */
  update(present: ReadonlyMap<string, readonly ShardCandidate[]>, nowMs: number): void {
    this.#turnPages(nowMs)
    for (const [name, group] of this.#groups) if (!present.has(name)) this.#retire(name, group, nowMs)
    this.#forgetIdle(nowMs)
    for (const [name, candidates] of present) {
      const group = this.#groups.get(name) ?? this.#revive(name) ?? { slots: [], idleSinceMs: 0 }
      this.#groups.set(name, group)
      if (this.#isOnly(group, candidates)) continue
      this.#free(group, candidates)
      this.#numberNewcomers(group, candidates)
      this.#trim(group, candidates.length)
    }
  }

  /** The number of a listener that is present; 0 while it has none. */
  of(id: string): number {
    return this.#numbers.get(id) ?? 0
  }

  /** The number of a listener that is present, or was until recently; 0 if it had none. */
  lastOf(id: string): number {
    return this.#numbers.get(id) ?? this.#closed.get(id) ?? this.#closedBefore.get(id) ?? 0
  }

  /** Grows whenever what could be saved has changed. */
  get changes(): number {
    return this.#changes
  }

  /** How much is remembered: what must not grow for good. */
  get remembered(): { groups: number; idleSlots: number; numbers: number; closed: number } {
    return {
      groups: this.#groups.size + this.#idle.size,
      idleSlots: this.#idleSlots,
      numbers: this.#numbers.size,
      closed: this.#closed.size + this.#closedBefore.size,
    }
  }

  /** What is to be saved: the numbers of those who listen first, at most `most` numbers. */
  save(most: number): SavedShards {
    const saved: [string, SavedSlot[]][] = []
    let left = most
    for (const [name, { slots }] of [...this.#groups, ...this.#idle]) {
      if (slots.length > left) continue
      left -= slots.length
      saved.push([name, slots.map((slot, at) => [at + 1, slot.listener ?? '', fingerprintOf(slot)])])
    }
    return Object.fromEntries(saved)
  }

  /** Takes up what was saved, before the first update. */
  restore(saved: SavedShards, nowMs: number): void {
    for (const [name, numbers] of Object.entries(saved)) {
      const slots: Slot[] = []
      for (const [shard, id, fingerprint] of numbers) {
        slots[shard - 1] = { listener: id === '' ? undefined : id, commandLine: '', fingerprint }
        if (id !== '') this.#numbers.set(id, shard)
      }
      for (let at = 0; at < slots.length; at++) slots[at] ??= emptySlot()
      this.#groups.set(name, { slots, idleSinceMs: nowMs })
    }
  }

  #retire(name: string, group: Group, nowMs: number): void {
    this.#free(group, [])
    this.#groups.delete(name)
    group.idleSinceMs = nowMs
    this.#idle.set(name, group)
    this.#idleSlots += group.slots.length
  }

  #revive(name: string): Group | undefined {
    const group = this.#idle.get(name)
    if (group === undefined) return undefined
    this.#idle.delete(name)
    this.#idleSlots -= group.slots.length
    return group
  }

  #forgetIdle(nowMs: number): void {
    for (const [name, group] of this.#idle) {
      if (this.#idleSlots <= MOST_IDLE_SLOTS && nowMs - group.idleSinceMs <= FORGET_MS) return
      this.#revive(name)
      this.#changes++
    }
  }

  /** Most addresses have one listener, and the same as before: there is nothing to find out. */
  #isOnly({ slots }: Group, [candidate, ...others]: readonly ShardCandidate[]): boolean {
    const [slot, ...more] = slots
    if (candidate === undefined || others.length > 0 || more.length > 0) return false
    if (slot !== undefined)
      return slot.listener === candidate.id && (!candidate.commandLine || candidate.commandLine === slot.commandLine)
    this.#take(slots, 0, candidate)
    return true
  }

  #free({ slots }: Group, candidates: readonly ShardCandidate[]): void {
    const present = new Map(candidates.map((candidate) => [candidate.id, candidate]))
    for (const slot of slots) {
      if (slot.listener === undefined) continue
      const candidate = present.get(slot.listener)
      if (candidate === undefined) {
        this.#closed.set(slot.listener, this.of(slot.listener))
        this.#numbers.delete(slot.listener)
        slot.listener = undefined
        this.#changes++
      } else if (candidate.commandLine && candidate.commandLine !== slot.commandLine) {
        // A successor is recognised by the last command line that could be read.
        slot.commandLine = candidate.commandLine
        slot.fingerprint = undefined
        this.#changes++
      }
    }
  }

  #numberNewcomers({ slots }: Group, present: readonly ShardCandidate[]): void {
    const newcomers = present
      .filter((candidate) => !this.#numbers.has(candidate.id) && !this.#takeAgain(slots, candidate))
      .sort(byName)
    if (newcomers.length === 0) return
    const free = slots.flatMap(({ listener }, at) => (listener === undefined ? [at] : []))
    if ((newcomers.length > 1 || free.length > 1) && newcomers.some(({ commandLine }) => commandLine === undefined))
      return
    const byFingerprint = new Map<string, number[]>()
    for (const at of free) {
      const fingerprint = fingerprintOf(slots[at]!)
      if (fingerprint === '') continue
      const known = byFingerprint.get(fingerprint)
      if (known === undefined) byFingerprint.set(fingerprint, [at])
      else known.push(at)
    }
    for (const known of byFingerprint.values()) known.reverse() // the lowest is popped first
    const strangers = newcomers.filter((candidate) => {
      if (byFingerprint.size === 0) return true
      const own = byFingerprint.get(fingerprint(candidate.commandLine ?? ''))?.pop()
      if (own !== undefined) this.#take(slots, own, candidate)
      return own === undefined
    })
    const left = free.filter((at) => slots[at]!.listener === undefined)
    for (const [index, stranger] of strangers.entries()) this.#take(slots, left[index] ?? slots.length, stranger)
  }

  /** One that was only out of sight, as when the sampler was replaced, gets its number back. */
  #takeAgain(slots: Slot[], candidate: ShardCandidate): boolean {
    const at = this.lastOf(candidate.id) - 1
    if (slots[at] === undefined || slots[at].listener !== undefined) return false
    this.#take(slots, at, candidate)
    return true
  }

  #take(slots: Slot[], at: number, { id, commandLine = '' }: ShardCandidate): void {
    slots[at] = { listener: id, commandLine, fingerprint: undefined }
    this.#numbers.set(id, at + 1)
    this.#changes++
  }

  /** A group that was large for a while does not keep all its numbers. */
  #trim({ slots }: Group, present: number): void {
    while (slots.length > present + MOST_FREE_SLOTS && slots.at(-1)?.listener === undefined) slots.pop()
  }

  #turnPages(nowMs: number): void {
    if (nowMs - this.#turnMs < LAST_MS / 2) return
    this.#turnMs = nowMs
    this.#closedBefore = this.#closed
    this.#closed = new Map()
  }
}

const emptySlot = (): Slot => ({ listener: undefined, commandLine: '', fingerprint: '' })

function fingerprintOf(slot: Slot): string {
  slot.fingerprint ??= fingerprint(slot.commandLine)
  return slot.fingerprint
}

/** Tells command lines apart without showing them; empty for an empty one. */
const fingerprint = (commandLine: string): string =>
  commandLine === ''
    ? ''
    : process.getBuiltinModule('node:crypto').createHash('sha256').update(commandLine).digest('base64url').slice(0, 16)

/** Made when first needed: its tables cost a short command a tenth of its CPU time. */
let collator: Intl.Collator | undefined

function byName(a: ShardCandidate, b: ShardCandidate): number {
  const [one = '', other = ''] = [a.commandLine, b.commandLine]
  if (one === other) return a.inode - b.inode
  collator ??= new Intl.Collator('en', { numeric: true })
  return collator.compare(one, other) || a.inode - b.inode
}
