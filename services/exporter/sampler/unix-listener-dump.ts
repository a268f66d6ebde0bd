import type { RawUnixListener } from './message.ts'
import { noOwnSocket, type OwnSocket, Stillness } from './quiet.ts'
import { type ListeningRecord, UnixListenerState } from './unix-listener-state.ts'

/** unix_diag may miss a socket when others come or go between two chunks: one that is missing from two dumps is gone. */
const DUMPS_UNTIL_GONE = 2
/** More listeners than this in one namespace are counted, and not remembered: paths are made up at will. */
const MOST_UNIX_LISTENERS = 1000
const LONGEST_GAP_MS = 250

/** Who asks the kernel. */
export interface UnixSource {
  dumpUnixListeners(visit: (record: ListeningRecord) => void): void
}

/** The listening UNIX sockets of one namespace, from dump to dump. */
export class UnixListenerDump {
  readonly #peakWindowMs: number
  readonly #own: OwnSocket
  readonly #most: number
  /** By the upper half of the cookie, of which there is hardly ever more than one, then by the lower. */
  readonly #states = new Map<number, Map<number, UnixListenerState>>()
  #count = 0
  #seenCount = 0
  #leftOut = 0
  #dumpNumber = 0
  #nowMs = 0
  #longestGapMs = 0
  readonly #stillness = new Stillness(Number.NEGATIVE_INFINITY)
  #answered = false
  /** Grows whenever a listener has come or gone. */
  version = 0

  constructor(peakWindowMs: number, own: OwnSocket = noOwnSocket, most = MOST_UNIX_LISTENERS) {
    this.#own = own
    this.#peakWindowMs = peakWindowMs
    this.#most = most
  }

  /** Whether no client has waited for long, and no listener has appeared. */
  isQuiet(nowMs: number): boolean {
    return this.#stillness.isQuiet(nowMs)
  }

  /**
   * `intervalMs` is how often this happens at present. How full a queue was in a gap of more than two intervals, and of more than
   * a quarter of a second, is unknown.
   */
  sample(diag: UnixSource, nowMs: number, intervalMs: number): void {
    this.#nowMs = nowMs
    this.#longestGapMs = Math.max(2 * intervalMs, LONGEST_GAP_MS)
    this.#dumpNumber++
    this.#seenCount = this.#leftOut = 0
    diag.dumpUnixListeners(this.#visit)
    this.#answered = true
    if (this.#seenCount < this.#count) this.#sweep()
  }

  /** What is known now, in the order of the paths; undefined if the kernel has never answered. */
  toRaw(nowMs: number): { unixListeners: RawUnixListener[]; unixListenersLeftOut: number } | undefined {
    if (!this.#answered) return undefined
    const listeners: RawUnixListener[] = []
    for (const byLow of this.#states.values()) for (const state of byLow.values()) listeners.push(state.toRaw(nowMs))
    return { unixListeners: listeners.sort(byPath), unixListenersLeftOut: this.#leftOut }
  }

  readonly #visit = (record: ListeningRecord): void => {
    // A signed 32-bit number is the only kind of number that a Map takes as a key without allocating.
    const state = this.#states.get(record.cookieHigh | 0)?.get(record.shortCookie | 0) ?? this.#meet(record)
    if (state === undefined) {
      this.#leftOut++
      return
    }
    if (state.seen !== this.#dumpNumber) this.#seenCount++
    state.seen = this.#dumpNumber
    state.missed = 0
    if (record.length > 0 && record.inode !== this.#own.inode) this.#stillness.stir(this.#nowMs)
    state.take(record, this.#nowMs, this.#longestGapMs)
  }

  #meet(record: ListeningRecord): UnixListenerState | undefined {
    if (this.#count >= this.#most) return undefined
    const state = new UnixListenerState(record, this.#nowMs, this.#peakWindowMs)
    const byLow = this.#states.get(record.cookieHigh | 0) ?? new Map<number, UnixListenerState>()
    this.#states.set(record.cookieHigh | 0, byLow.set(record.shortCookie | 0, state))
    this.#count++
    this.version++
    this.#stillness.stir(this.#nowMs)
    return state
  }

  #sweep(): void {
    for (const [high, byLow] of this.#states) {
      for (const [low, state] of byLow) {
        if (state.seen === this.#dumpNumber || ++state.missed < DUMPS_UNTIL_GONE) continue
        byLow.delete(low)
        this.#count--
        this.version++
      }
      if (byLow.size === 0) this.#states.delete(high)
    }
  }
}

const byPath = (a: RawUnixListener, b: RawUnixListener): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : a.inode - b.inode
