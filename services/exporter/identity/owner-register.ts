import { inWords } from '#common/system-errors.ts'
import type { Waiters } from '#kernel/acceptors.ts'
import { findHolders, noHolders, type Owner, type Search, type SocketHolders } from '#kernel/owners.ts'
import type { Unseen } from '#kernel/unseen.ts'
import { ErrorCounts } from '../error-counts.ts'
import { SlicedWork, type SliceNeeds, sliceNeeds } from '../slices.ts'

/** A new socket is looked up once more after this long: a parent may be handing it to its children. */
const SECOND_LOOK_MS = 1000
/** Owners may join later too, by a fork or a passed descriptor, and those who wait for connections change. */
const LATER_LOOK_MS = 10_000
/** A process that held none is given one only if another passes it a descriptor, which is rare: all are looked into this often. */
const WHOLE_WALK_MS = 60_000
/** The share of a core that walks over all processes may take: in the long run if not said otherwise, and while unknown sockets appear. */
const SHARE = 0.02
const URGENT_SHARE = 0.2
/** While a walk is under way. */
const SHARE_OF_A_WALK = 0.05
const SHARE_OF_AN_URGENT_WALK = 0.25
/** Until the first one has ended nothing is known of anybody. */
const SHARE_OF_THE_FIRST_WALK = 0.5
/** Where a walk takes longer than this, new sockets are first looked for in new processes. */
const LONG_WALK_MS = 100
/** What was found holds for as many intervals between two walks. */
const GOOD_FOR_WALKS = 3
/** However long a walk takes, nobody waits longer than this to hear whose a socket is. */
const PATIENCE_MS = 3000
const FIRST_RETRY_MS = 1000

/** The walk over /proc, and the clocks by which it is rationed. */
export interface OwnerRegisterNeeds extends SliceNeeds {
  find(inodes: ReadonlySet<number>, search: Search): Generator<void, SocketHolders>
  log(line: string): void
  /** The share of a core that walks may take in the long run. */
  share: number
}

/** How the search for owners goes. */
export interface OwnerHealth {
  /** Time since the last walk that succeeded; undefined before the first. */
  ageSeconds: number | undefined
  walks: number
  cpuSeconds: number
  /** Processes that may not be looked into. */
  hidden: number
  /** Walks that failed, by the name of the error. */
  errors: ReadonlyMap<string, number>
}

/**
 * Remembers who holds which socket, and who waits at it for connections; of TCP, or any other socket that has an inode.
 * Walks over /proc only when there may be something new to learn, and a little at a time.
 */
export class OwnerRegister {
  readonly #needs: OwnerRegisterNeeds
  readonly #proc: string
  readonly #errors = new ErrorCounts()
  #holders: SocketHolders | undefined
  /** What the walk that is under way has found so far. */
  #partly = noHolders()
  /** What was found since the last walk began, in new processes. */
  #lately = noHolders()
  #quickLook: SlicedWork<SocketHolders> | undefined
  #quickNotBeforeMs = Number.NEGATIVE_INFINITY
  /** Sockets that new processes do not hold. */
  #elsewhere = new Set<number>()
  /** The sockets that the last walk looked for. */
  #known: ReadonlySet<number> = new Set()
  /** Sockets that no walk has looked for so far, and since when they are there. */
  #unknown = new Map<number, number>()
  #walk: SlicedWork<SocketHolders> | undefined
  #walkIsUrgent = false
  #endedMs = Number.NEGATIVE_INFINITY
  #lastCostMs = 0
  /** When all processes are to be looked into again, and what it cost to look only into those that hold sockets, or are new. */
  #wholeDueMs = Number.NEGATIVE_INFINITY
  #partialCostMs = 0
  #lookMs = Number.POSITIVE_INFINITY
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #retryMs = FIRST_RETRY_MS
  #walks = 0
  #cpuMs = 0
  #saidUnseen = false
  #held = false
  #waiting: (() => void)[] = []

  constructor(proc: string, needs: Partial<OwnerRegisterNeeds> = {}) {
    this.#proc = proc
    this.#needs = {
      find: (inodes, search) => findHolders(inodes, { proc, ...search }),
      log: () => {},
      share: SHARE,
      ...sliceNeeds,
      ...needs,
    }
  }

  /** From now on what is known holds: for whoever asks once, and not again. */
  hold(): void {
    this.#held = true
  }

  /** Takes the sockets that exist now. What is short enough is looked up before it returns. */
  update(inodes: ReadonlySet<number>): void {
    if (this.#held) return
    const nowMs = this.#needs.clock()
    const unknown = new Map<number, number>()
    for (const inode of inodes) if (!this.#isFound(inode)) unknown.set(inode, this.#unknown.get(inode) ?? nowMs)
    this.#unknown = unknown
    for (const rest of [this.#lately.owners, this.#lately.waiters, this.#elsewhere])
      for (const inode of rest.keys()) if (!inodes.has(inode)) rest.delete(inode)
    if (this.#holders !== undefined && nowMs - this.#endedMs > this.#goodForMs) this.#holders = undefined
    if (unknown.size > 0 && this.#looksQuickly(nowMs)) return
    const urgent = unknown.size > 0
    if (this.#walk?.over === false) {
      if (!urgent || this.#walkIsUrgent) return
      this.#walk.abandon() // it does not look for what has come since
    }
    const whole = urgent || this.#holders === undefined || nowMs >= this.#nextWholeMs
    const costMs = whole ? this.#lastCostMs : this.#partialCostMs
    const restMs = costMs / (urgent ? URGENT_SHARE : this.#needs.share)
    const dueMs = urgent ? nowMs : Math.min(this.#lookMs, this.#endedMs + LATER_LOOK_MS)
    if (inodes.size === 0 || nowMs < Math.max(dueMs, this.#endedMs + restMs, this.#notBeforeMs)) return
    this.#begin(new Set(inodes), urgent, whole ? undefined : this.#holders)
  }

  /** The owners of a socket, lowest pid first; empty if none can be seen. */
  of(inode: number): readonly Owner[] {
    const { owners } = this.#lately
    return this.#holders?.owners.get(inode) ?? owners.get(inode) ?? this.#partly.owners.get(inode) ?? []
  }

  /**
   * The processes that waited for connections at a socket when it was last looked: an empty list says that nobody did.
   * Undefined if that cannot be known.
   */
  waitersAt(inode: number): readonly number[] | undefined {
    const waiters: Waiters | undefined = this.#holders?.waiters.get(inode) ?? this.#lately.waiters.get(inode)
    return waiters === undefined || (waiters.pids.length === 0 && !waiters.complete) ? undefined : waiters.pids
  }

  /** Where nobody was seen to wait: who may not be looked into; what then follows for waitersAt() is likely, and not certain. */
  unseenAt(inode: number): Unseen | undefined {
    return this.#holders?.waiters.get(inode)?.unseen
  }

  /** Whether all is known of a socket that can be learned without waiting too long for it. */
  isKnown(inode: number): boolean {
    const sinceMs = this.#unknown.get(inode)
    if (inode === 0) return true // a socket of the kernel itself
    if (this.#errors.failing && sinceMs !== undefined) return true // nothing more can be learned soon
    return this.#isFound(inode) || (sinceMs !== undefined && this.#needs.clock() - sinceMs >= PATIENCE_MS)
  }

  /** Resolves when no walk is under way, or when that takes too long. */
  settled(): Promise<void> {
    if (this.#walk?.over !== false) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      setTimeout(resolve, PATIENCE_MS).unref()
    })
  }

  get health(): OwnerHealth {
    return {
      ageSeconds: this.#holders === undefined ? undefined : (this.#needs.clock() - this.#endedMs) / 1000,
      walks: this.#walks,
      cpuSeconds: this.#cpuMs / 1000,
      hidden: this.#holders?.hidden.size ?? 0,
      errors: this.#errors.byCode,
    }
  }

  close(): void {
    this.#walk?.abandon()
    this.#quickLook?.abandon()
    this.#tellThoseWaiting()
  }

  /** When all processes are to be looked into next, if nothing urgent comes. */
  get #nextWholeMs(): number {
    return Math.min(this.#lookMs, Math.max(this.#wholeDueMs, this.#endedMs + this.#lastCostMs / this.#needs.share))
  }

  get #goodForMs(): number {
    return GOOD_FOR_WALKS * Math.max(LATER_LOOK_MS, this.#lastCostMs / this.#needs.share)
  }

  #isFound(inode: number): boolean {
    return this.#known.has(inode) || this.#lately.owners.has(inode)
  }

  /**
   * Looks for unknown sockets where they usually are: in processes that have come since the last walk, and in those that
   * hold others. True while that is under way, or worth a try a little later.
   */
  #looksQuickly(nowMs: number): boolean {
    if (this.#quickLook?.over === false) return true
    const before = this.#holders
    const fresh = new Set([...this.#unknown.keys()].filter((inode) => !this.#elsewhere.has(inode)))
    if (before === undefined || this.#lastCostMs < LONG_WALK_MS || fresh.size === 0) return false
    if (nowMs < this.#quickNotBeforeMs) return true
    const holding = new Set([...before.owners.values()].flatMap((owners) => owners.map(({ pid }) => pid)))
    const among = (pid: number): boolean => !before.pids.has(pid) || holding.has(pid) || pid === process.pid
    this.#quickLook = new SlicedWork(
      this.#needs.find(fresh, { among }),
      SHARE_OF_AN_URGENT_WALK,
      (outcome) => {
        this.#cpuMs += outcome.cpuMs
        this.#quickNotBeforeMs = this.#needs.clock() + outcome.cpuMs / URGENT_SHARE
        for (const inode of fresh) this.#elsewhere.add(inode)
        if ('result' in outcome) this.#addLately(outcome.result)
      },
      this.#needs,
    )
    return this.#quickLook.over === false || this.#unknown.size === 0
  }

  #addLately({ owners, waiters }: SocketHolders): void {
    for (const [inode, found] of owners) {
      this.#lately.owners.set(inode, found)
      this.#unknown.delete(inode)
    }
    // Others may hold it too: that nobody waits at it is not known before the next walk.
    for (const [inode, found] of waiters) this.#lately.waiters.set(inode, { ...found, complete: false })
  }

  /** `before`: those who held none then are not looked into again. */
  #begin(inodes: ReadonlySet<number>, urgent: boolean, before: SocketHolders | undefined): void {
    this.#walkIsUrgent = urgent
    const into = noHolders()
    const bystanders = before?.bystanders
    this.#partly = into
    this.#walk = new SlicedWork(
      this.#needs.find(inodes, { into, ...(bystanders !== undefined && { among: (pid) => !bystanders.has(pid) }) }),
      this.#walks === 0 ? SHARE_OF_THE_FIRST_WALK : urgent ? SHARE_OF_AN_URGENT_WALK : SHARE_OF_A_WALK,
      (outcome) => {
        this.#cpuMs += outcome.cpuMs
        if (bystanders === undefined) this.#lastCostMs = outcome.cpuMs
        else this.#partialCostMs = outcome.cpuMs
        this.#partly = noHolders()
        if ('result' in outcome) this.#take(withKnown(outcome.result, bystanders), inodes, urgent)
        else this.#fail(outcome.error)
        if ('result' in outcome && bystanders === undefined) this.#wholeDueMs = this.#endedMs + WHOLE_WALK_MS
        this.#tellThoseWaiting()
      },
      this.#needs,
    )
  }

  #take(holders: SocketHolders, inodes: ReadonlySet<number>, urgent: boolean): void {
    const nowMs = this.#needs.clock()
    this.#walks++
    this.#holders = holders
    this.#known = inodes
    this.#elsewhere.clear()
    for (const inode of inodes) {
      this.#unknown.delete(inode)
      this.#lately.owners.delete(inode)
      this.#lately.waiters.delete(inode)
    }
    this.#endedMs = nowMs
    this.#lookMs = urgent ? nowMs + SECOND_LOOK_MS : Number.POSITIVE_INFINITY
    this.#notBeforeMs = Number.NEGATIVE_INFINITY
    this.#retryMs = FIRST_RETRY_MS
    if (this.#errors.recovered()) this.#needs.log('The owners of sockets are found again')
    // A socket that has just closed has no owner either: only what a second look does not find is missing.
    if (!urgent) this.#sayUnseen(holders, inodes)
  }

  #fail(error: unknown): void {
    const code = this.#errors.count(error)
    const nowMs = this.#needs.clock()
    this.#notBeforeMs = nowMs + this.#retryMs
    this.#retryMs = Math.min(2 * this.#retryMs, LATER_LOOK_MS)
    if (!this.#errors.isFirst(code)) return
    const words = inWords(error)
    const why = words === undefined ? String(error) : `${words.sentence}. ${words.remedy}`
    this.#needs.log(`The owners of sockets cannot be found at present, everything else goes on. ${why}`)
  }

  #sayUnseen({ owners, hidden }: SocketHolders, inodes: ReadonlySet<number>): void {
    if (this.#saidUnseen) return
    let unseen = 0
    for (const inode of inodes) if (inode !== 0 && !owners.has(inode)) unseen++
    if (unseen === 0) return
    this.#saidUnseen = true
    const whose = unseen === 1 ? 'one listener' : `${unseen} listeners`
    this.#needs.log(
      hidden.size > 0
        ? `The processes of ${whose} cannot be seen: ${hidden.size} processes may not be looked into. Run the exporter as root, or give it CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH`
        : `The processes of ${whose} cannot be seen: ${this.#proc} does not show them. Run the exporter in the host's PID namespace, without hidepid, or name another proc file system with --proc`,
    )
  }

  #tellThoseWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const tell of waiting) tell()
  }
}

/** With those that an earlier walk knows to hold nothing, as far as they are still there. */
function withKnown(found: SocketHolders, bystanders: ReadonlySet<number> = new Set()): SocketHolders {
  for (const pid of bystanders) if (found.pids.has(pid)) found.bystanders.add(pid)
  return found
}
