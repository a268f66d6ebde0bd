/** What the programs count of one listening socket, and how it is read. */

/** What can be watched. Each is had on its own, except that `accepts` needs `joins`. */
export const eventKinds = ['joins', 'accepts', 'drops'] as const
export type EventKind = (typeof eventKinds)[number]

/** Upper bounds of the waits that are told apart, in microseconds; a last class has the longer ones. */
export const waitBoundsUs = [
  50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
  5_000_000, 10_000_000,
] as const

/** What has happened at one listening socket since it was first seen. A reader gives the same object again and again. */
export interface ListenerCounts {
  /** The upper and the lower half of its cookie, as sock_diag shows it. */
  cookieHigh: number
  cookieLow: number
  port: number
  /** Connections that have come into its accept queue. */
  joined: number
  /** The longest it was after one of them came, since the last reading, and the limit at that time. 0 if none came. */
  peak: number
  limit: number
  /** How often it became full. */
  timesFull: number
  /** How long it was full, ended spells only, and since when it has been (CLOCK_MONOTONIC); undefined while it is not. Of `accepts`. */
  fullMs: number
  fullSinceMs: number | undefined
  /** Connections that were accepted, by the time since their final ACK (`waitBoundsUs`), and the sum of these times. Of `accepts`. */
  accepted: number
  readonly waits: Float64Array
  waitSumMs: number
  /** Final ACKs dropped because the queue was full, and those that carried a SYN cookie. Of `drops`. */
  finalAckDrops: number
  cookieAckDrops: number
  /** By how much sk_drops has grown for packets that met this socket after their SYN. Of `drops`. */
  discarded: number
}

/** Gives what was counted, whoever's programs do. */
export interface EventReader {
  /** Why something is not watched; what is watched is not among them. */
  readonly missing: ReadonlyMap<EventKind, string>
  /** Whether a reading shows the network namespace of the calling thread alone, and not all of them. */
  readonly isOfOneNamespace: boolean
  /** Every listener at which anything has happened, and what; peaks are those since the last reading for the same `place`. */
  read(visit: (counts: ListenerCounts) => void, place?: object): void
  /** How many events were not counted, as far as that is known. */
  missed(): number
  /** Forgets a listener that has closed. */
  forget(cookieHigh: number, cookieLow: number): void
  close(): void
}

const CLASSES = waitBoundsUs.length + 1
/** Of so many intervals between two readings the peaks are kept. */
export const RING = 32
const PEAKS = 8 * RING
/** What is where in the kernel's record of one listener; `since` is when it began. */
export const at = {
  peaks: 0,
  joined: PEAKS,
  accepted: PEAKS + 8,
  timesFull: PEAKS + 16,
  fullSince: PEAKS + 24,
  fullNs: PEAKS + 32,
  limit: PEAKS + 40,
  port: PEAKS + 44,
  finalAckDrops: PEAKS + 48,
  cookieAckDrops: PEAKS + 56,
  discarded: PEAKS + 64,
  waitSum: PEAKS + 72,
  since: PEAKS + 80,
  waits: PEAKS + 88,
} as const
export const VALUE_BYTES = at.waits + 8 * CLASSES

/**
 * What is where in what a pinned program tells of one listener: in the first record of a reading the interval that has ended with
 * it, and how many events found no room in the map; then the record itself, all 0 if nothing has happened.
 */
export const TOLD = { cookie: 0, interval: 8, lost: 16, value: 24 } as const

/** A number of 64 bits without a sign. */
export const quad = (bytes: Buffer, offset: number): number =>
  bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32

/** Gives each record that it is shown as the same object. */
export class CountsOfRecord {
  readonly #counts: ListenerCounts = {
    cookieHigh: 0,
    cookieLow: 0,
    port: 0,
    joined: 0,
    peak: 0,
    limit: 0,
    timesFull: 0,
    fullMs: 0,
    fullSinceMs: undefined,
    accepted: 0,
    waits: new Float64Array(CLASSES),
    waitSumMs: 0,
    finalAckDrops: 0,
    cookieAckDrops: 0,
    discarded: 0,
  }

  /**
   * The cookie at one place, in bytes from the beginning of these words, the rest at another; the peak is that of the intervals from the first
   * to the last of these.
   */
  see(keys: Uint32Array, key: number, values: Uint32Array, value: number, first: number, last: number): ListenerCounts {
    const shown = this.#counts
    const word = (offset: number): number => values[(value + offset) >> 2]!
    const count = (offset: number): number => word(offset) + word(offset + 4) * 2 ** 32
    shown.cookieLow = keys[key >> 2]!
    shown.cookieHigh = keys[(key >> 2) + 1]!
    shown.port = word(at.port)
    shown.limit = word(at.limit)
    shown.peak = 0
    for (let interval = Math.max(first, last - RING + 1); interval <= last; interval++) {
      const peakAt = at.peaks + 8 * (interval % RING)
      if (word(peakAt + 4) === interval) shown.peak = Math.max(shown.peak, word(peakAt))
    }
    shown.joined = count(at.joined)
    shown.timesFull = count(at.timesFull)
    shown.fullMs = count(at.fullNs) / 1e6
    const since = count(at.fullSince)
    shown.fullSinceMs = since === 0 ? undefined : since / 1e6
    shown.accepted = count(at.accepted)
    for (let index = 0; index < CLASSES; index++) shown.waits[index] = count(at.waits + 8 * index)
    shown.waitSumMs = count(at.waitSum) / 1000
    shown.finalAckDrops = count(at.finalAckDrops)
    shown.cookieAckDrops = count(at.cookieAckDrops)
    shown.discarded = count(at.discarded)
    return shown
  }
}
