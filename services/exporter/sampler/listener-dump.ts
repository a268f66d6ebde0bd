import { addressBytes } from '#kernel/address.ts'
import {
  ANY_FAMILY,
  MOST_LOOKS,
  MptcpListeners,
  PreparedDump,
  PreparedLook,
  type SockDiag,
  type SocketRecord,
  states,
  wants,
} from '#kernel/sock-diag.ts'
import { type KnownBetween, ListenerState } from './listener-state.ts'
import type { SamplingPace } from './pace.ts'
import type { PortIndex } from './port-index.ts'
import type { OwnSocket } from './quiet.ts'

/** A namespace that lost its last listener less than this ago is still read at every tick: a restarted server is seen at once. */
const KEPT_MS = 10_000
/** sock_diag may miss a socket when others come or go between two chunks: a socket missing from two dumps is gone. */
export const DUMPS_UNTIL_GONE = 2
/** Where listeners come all the time it is asked no more often than this what they are. */
const PROTOCOLS_EVERY_MS = 100

/**
 * The listeners of one namespace, from dump to dump: of both address families, in one walk of the kernel over its table. While nothing comes or goes a dump
 * allocates nothing: a socket is found by the two halves of its cookie, as plain numbers.
 */
export class ListenerDump {
  readonly #dump = new PreparedDump({ family: ANY_FAMILY, states: states.listen })
  /** With the drops of each socket, which take the kernel half as long again. */
  readonly #dumpWithDrops = new PreparedDump({ family: ANY_FAMILY, states: states.listen, wants: wants.skmeminfo })
  readonly #ports: PortIndex
  readonly #pace: SamplingPace
  readonly #own: OwnSocket
  readonly #seesAll: () => boolean
  /** By the upper half of the cookie, of which there is hardly ever more than one, then by the lower. */
  readonly #states = new Map<number, Map<number, ListenerState>>()
  #count = 0
  #seenCount = 0
  #waits = false
  #dumpNumber = 0
  #nowMs = 0
  #lastSeenMs = Number.NEGATIVE_INFINITY
  /** When a listener came or went last. */
  #changedMs = Number.NEGATIVE_INFINITY
  /** Asks for all of them one by one; undefined where that cannot be, or is not known to be possible. */
  #prepared: { request: PreparedLook | undefined; version: number } = { request: undefined, version: -1 }
  readonly #mptcp = new MptcpListeners()
  /** Those of which it has not been asked what they are. */
  #unnamed: ListenerState[] = []
  #namedMs = Number.NEGATIVE_INFINITY
  /** How many more fit in the fullest queue that is not full. */
  #leastRoom = 0
  readonly #known: KnownBetween = { emptyMs: Number.NEGATIVE_INFINITY, notFullMs: Number.NEGATIVE_INFINITY }

  /** `seesAll` says whether it is watched how long each queue is full, whenever it is looked. */
  constructor(ports: PortIndex, pace: SamplingPace, own: OwnSocket, seesAll = () => false) {
    this.#seesAll = seesAll
    this.#own = own
    this.#ports = ports
    this.#pace = pace
  }

  /** Whether there are listeners, or were until recently. */
  inUse(nowMs: number): boolean {
    return nowMs - this.#lastSeenMs < KEPT_MS
  }

  /** Reads the queues, and the drops too if they are wanted. True if a connection waits in any of them but the exporter's own. */
  sample(diag: SockDiag, nowMs: number, drops: boolean): boolean {
    this.#nowMs = nowMs
    this.#waits = false
    this.#dumpNumber++
    this.#seenCount = 0
    this.#leastRoom = Number.POSITIVE_INFINITY
    diag.dump(drops ? this.#dumpWithDrops : this.#dump, this.#visit)
    if (this.#seenCount > 0) this.#lastSeenMs = nowMs
    if (this.#seenCount < this.#count) this.#sweep()
    if (this.#unnamed.length > 0 && nowMs - this.#namedMs >= PROTOCOLS_EVERY_MS) this.#name(diag)
    return this.#waits
  }

  /**
   * Reads the queues of the known listeners without a dump, and not what else may listen by now. False where that cannot be: there
   * are many, some share a port, or one has come or gone lately.
   */
  look(diag: SockDiag, nowMs: number): boolean {
    const request = this.#prepareLook(nowMs)
    if (request === undefined) return false
    // One that has closed is shown by a dump; if none has, or the kernel refuses to be asked so, there is no use in trying again.
    this.#prepared.request = undefined
    this.#nowMs = nowMs
    this.#waits = false
    this.#dumpNumber++
    this.#seenCount = 0
    this.#leastRoom = Number.POSITIVE_INFINITY
    if (diag.look(request, this.#visit) && this.#seenCount === this.#count) {
      this.#lastSeenMs = nowMs
      this.#prepared.request = request
      return true
    }
    return false
  }

  #prepareLook(nowMs: number): PreparedLook | undefined {
    if (this.#count === 0 || this.#count > MOST_LOOKS || nowMs - this.#changedMs < KEPT_MS) return undefined
    if (this.#prepared.version !== this.#ports.version) {
      const alone = this.#ports.groups().every(({ listeners }) => listeners.size === 1)
      const names = Array.from(this.listeners(), ({ address, port, deviceIndex, cookie }) => ({
        ...{ addressBytes: addressBytes(address), port },
        ...{ interfaceIndex: deviceIndex, cookie: BigInt(cookie) },
      }))
      this.#prepared = { request: alone ? new PreparedLook(names) : undefined, version: this.#ports.version }
    }
    return this.#prepared.request
  }

  /**
   * Whether what is known needs no other dump, when so many connections have `come` since the last one: queues that were empty
   * are, if nobody came, and none has become full, if fewer came than there was room for. `thorough` asks for the lengths
   * as well, as far as they may have changed.
   */
  standsAsRead(nowMs: number, come: number, thorough: boolean): boolean {
    if (come === 0 && !this.#waits) {
      this.stands(nowMs)
      return true
    }
    if (thorough || come >= this.#leastRoom) return false
    this.#known.notFullMs = nowMs
    return true
  }

  /** Takes that all queues are empty, as in the last dump. */
  stands(nowMs: number): void {
    this.#known.emptyMs = nowMs
    this.#known.notFullMs = nowMs
  }

  /** Whether a connection waited in any of them when they were last read. */
  get waits(): boolean {
    return this.#waits
  }

  /** By its cookie; undefined for one that no dump has shown. */
  find(cookieHigh: number, cookieLow: number): ListenerState | undefined {
    return this.#states.get(cookieHigh | 0)?.get(cookieLow | 0)
  }

  *listeners(): Iterable<ListenerState> {
    for (const byLow of this.#states.values()) yield* byLow.values()
  }

  readonly #visit = (record: SocketRecord): void => {
    // A signed 32-bit number is the only kind of number that a Map takes as a key without allocating.
    const high = record.cookieHigh | 0
    const low = record.shortCookie | 0
    const known = this.#states.get(high)?.get(low)
    if (known === undefined || known.port !== record.port) this.#meet(record, high, low, known)
    else this.#take(known, record)
  }

  #take(state: ListenerState, record: SocketRecord): void {
    if (state.seen !== this.#dumpNumber) this.#seenCount++
    state.seen = this.#dumpNumber
    state.missed = 0
    state.take(record, this.#nowMs, this.#known)
    if (state.length > 0 && state.inode !== this.#own.inode) this.#waits = true
    const room = state.limit + 1 - state.length
    if (room > 0 && room < this.#leastRoom) this.#leastRoom = room
  }

  /** A new listener, or (`before`) a socket that listens again on another port. */
  #meet(record: SocketRecord, high: number, low: number, before: ListenerState | undefined): void {
    if (before !== undefined) this.#leave(before)
    else this.#count++
    const state = new ListenerState(record, this.#nowMs, this.#pace, {
      isNew: this.#dumpNumber > DUMPS_UNTIL_GONE,
      watched: this.#seesAll(),
    })
    const byLow = this.#states.get(high) ?? new Map<number, ListenerState>()
    this.#states.set(high, byLow.set(low, state))
    this.#ports.add(state, record.family, record.v6only)
    this.#changedMs = this.#nowMs
    this.#unnamed.push(state)
    this.#take(state, record)
  }

  #leave(state: ListenerState): void {
    state.isGone = true
    this.#ports.remove(state)
    this.#changedMs = this.#nowMs
  }

  /** A socket stays for life what it was opened as. */
  #name(diag: SockDiag): void {
    this.#namedMs = this.#nowMs
    this.#mptcp.read(diag)
    for (const state of this.#unnamed) state.protocol = this.#mptcp.protocolOf(state.inode)
    this.#unnamed = []
  }

  #sweep(): void {
    for (const [high, byLow] of this.#states) {
      for (const [low, state] of byLow) {
        if (state.seen === this.#dumpNumber || ++state.missed < DUMPS_UNTIL_GONE) continue
        byLow.delete(low)
        this.#count--
        this.#leave(state)
      }
      if (byLow.size === 0) this.#states.delete(high)
    }
  }
}
