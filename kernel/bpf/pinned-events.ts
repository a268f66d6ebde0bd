/** What programs count that somebody else has loaded and pinned, for whoever may read one file. */
import {
  at,
  CountsOfRecord,
  type EventKind,
  type EventReader,
  type ListenerCounts,
  quad,
  RING,
  TOLD,
  VALUE_BYTES,
} from './event-record.ts'
import { Records, walk } from './iterator.ts'

const RECORD_BYTES = TOLD.value + VALUE_BYTES
/** A listener that so many readings in a row have not shown has closed. */
const GONE_AFTER = 100

/** What of the counts only grows. */
const growing = [
  'joined',
  'timesFull',
  'fullMs',
  'accepted',
  'waitSumMs',
  'finalAckDrops',
  'cookieAckDrops',
  'discarded',
] as const
const FULL_MS = growing.indexOf('fullMs')

/** A listener that has been read: since when the kernel counts there, what it had counted last, and what of it is not shown. */
interface Known {
  sinceNs: number
  last: Float64Array
  hidden: Float64Array
  reading: number
}

/** Of the readings of one namespace. */
interface Place {
  readings: number
  /** The last interval that was read. */
  interval: number | undefined
  readonly known: Map<string, Known>
}

/** Reads them, from the moment at which it is made: what has happened before is not counted. Takes no privilege and no bpf(2). */
export class PinnedEvents implements EventReader {
  readonly missing: ReadonlyMap<EventKind, string>
  readonly isOfOneNamespace = true
  readonly #path: string
  readonly #records = new Records(Buffer.alloc(128 * RECORD_BYTES))
  readonly #row = new CountsOfRecord()
  readonly #beganNs = Number(process.hrtime.bigint())
  readonly #places = new WeakMap<object, Place>()
  #lost: number | undefined
  #missed = 0

  /** `path` is that of the program that tells, and `without` says what is not watched and why. */
  constructor(path: string, without: ReadonlyMap<EventKind, string>) {
    this.#path = path
    this.missing = without
  }

  /**
   * Every listener of the calling thread's network namespace at which anything has happened. Peaks are those since the last
   * reading for the same `place`. Throws a KernelError if the file is there no more.
   */
  read(visit: (counts: ListenerCounts) => void, of: object = this): void {
    const place = this.#places.get(of) ?? { readings: 0, interval: undefined, known: new Map<string, Known>() }
    this.#places.set(of, place)
    place.readings++
    const before = place.interval
    let ended: number | undefined
    walk(this.#path, this.#records, RECORD_BYTES, (bytes, record, words) => {
      ended ??= this.#begin(bytes, record, place)
      const value = record + TOLD.value
      const sinceNs = quad(bytes, value + at.since)
      if (sinceNs === 0) return
      const isOld = sinceNs < this.#beganNs
      // Of what came before this began no peak is known apart from the later ones.
      const first = before === undefined ? (isOld ? ended + 1 : 0) : before < ended ? before + 1 : 0
      const counts = this.#row.see(words, record + TOLD.cookie, words, value, first, ended)
      this.#hide(counts, place, sinceNs, isOld)
      visit(counts)
    })
    for (const [key, { reading }] of place.known) if (reading + GONE_AFTER < place.readings) place.known.delete(key)
  }

  /** For want of room, and for each reading that came too late to tell all peaks. */
  missed(): number {
    return this.#missed
  }

  /** The kernel does that when they close. */
  forget(): void {}

  close(): void {}

  /** The interval that has ended with the reading that begins with this record. */
  #begin(bytes: Buffer, record: number, place: Place): number {
    const ended = quad(bytes, record + TOLD.interval)
    const lost = quad(bytes, record + TOLD.lost)
    // Installed anew, it counts from 0 again.
    if (this.#lost !== undefined) this.#missed += lost >= this.#lost ? lost - this.#lost : lost
    this.#lost = lost
    if (place.interval !== undefined && ended - place.interval > RING) this.#missed++
    place.interval = ended
    return ended
  }

  /** Takes from the counts what was counted before this began, and adds what was before the kernel began anew at that listener. */
  #hide(counts: ListenerCounts, { known, readings }: Place, sinceNs: number, isOld: boolean): void {
    const now = new Float64Array(growing.length + counts.waits.length)
    for (const [index, name] of growing.entries()) now[index] = counts[name]
    now.set(counts.waits, growing.length)
    const key = `${counts.cookieHigh} ${counts.cookieLow}`
    let one = known.get(key)
    if (one === undefined) {
      one = { sinceNs, last: now, hidden: isOld ? now.slice() : new Float64Array(now.length), reading: readings }
      // Of a spell that lasts, too.
      if (isOld && counts.fullSinceMs !== undefined)
        one.hidden[FULL_MS]! += Math.max(0, Number(process.hrtime.bigint()) / 1e6 - counts.fullSinceMs)
      known.set(key, one)
    } else if (one.sinceNs !== sinceNs) {
      one.hidden = one.hidden.map((hidden, index) => hidden - one!.last[index]!)
      one.sinceNs = sinceNs
    }
    one.last = now
    one.reading = readings
    for (const [index, name] of growing.entries()) counts[name] -= one.hidden[index]!
    for (let index = 0; index < counts.waits.length; index++)
      counts.waits[index]! -= one.hidden[growing.length + index]!
  }
}
