/**
 * How many of each accept queue have hung up and keep their places: docs/kernel-facts.md#clients-that-hang-up-while-they-wait.
 * A dump counts by port who waits and who of them has sent a FIN; who has sent an RST is in the queue and in no dump.
 * Whose queue they are in it does not say: so the living bound the dead of each.
 */
import type { CountBounds } from './reading.ts'

export interface DumpOfWaiting {
  beganMs: number
  waiting: number
  finished: number
  /** Places of clients that have sent an RST, where the exporter is certain of them. */
  reset: number | undefined
}

interface Place {
  length: number
  /** Since when nobody is known to have left the queue; undefined while it is empty. */
  stoodSinceMs: number | undefined
}

/** A dump and a sample are not of the same moment: so many may be missing in it, and have come or gone between the two. */
const MISSING = 2
/** When it began is told as an age, with the rounding of both. */
const SAME_DUMP_MS = 5

export class HungUp {
  #beganMs = Number.NEGATIVE_INFINITY
  /** What the queues held at the dump, at the least. */
  #lengths = new Map<string, number>()
  #before = new Map<string, number>()
  /** So many are dead for good, as long as nobody leaves the queue. */
  #dead = new Map<string, { least: number; stoodSinceMs: number | undefined }>()

  /** Whether places are taken that the last dump does not show. */
  missesSome(dump: DumpOfWaiting): boolean {
    return this.#held > dump.waiting + MISSING
  }

  get #held(): number {
    return [...this.#lengths.values()].reduce((sum, length) => sum + length, 0)
  }

  /** The bounds by cookie now that the queues hold so many; undefined without a dump. */
  see(places: ReadonlyMap<string, Place>, dump: DumpOfWaiting | undefined): Map<string, CountBounds> | undefined {
    const lengths = new Map([...places].map(([cookie, { length }]) => [cookie, length]))
    if (dump !== undefined && Math.abs(dump.beganMs - this.#beganMs) > SAME_DUMP_MS) {
      // The dump lies between the sample before and this one: a queue that only grew held at least the lesser length.
      this.#beganMs = dump.beganMs
      this.#lengths = new Map(
        [...lengths].map(([cookie, length]) => [cookie, Math.min(length, this.#before.get(cookie) ?? length)]),
      )
    }
    this.#before = lengths
    if (dump === undefined) return undefined
    const living = dump.waiting - dump.finished
    const missing = this.missesSome(dump) ? this.#held - dump.waiting : 0
    const dead = dump.finished + (dump.reset ?? missing)
    return new Map(
      [...places].map(([cookie, { length, stoodSinceMs }]) => {
        const then = this.#lengths.get(cookie) ?? 0
        const most = Math.min(length, dead)
        const stood = stoodSinceMs !== undefined && stoodSinceMs <= dump.beganMs
        const old = this.#dead.get(cookie)
        const before = stoodSinceMs !== undefined && old?.stoodSinceMs === stoodSinceMs ? old.least : 0
        const least = Math.max(stood ? Math.min(then - living, most) : 0, Math.min(before, most))
        this.#dead.set(cookie, { least, stoodSinceMs })
        return [cookie, { least, most }]
      }),
    )
  }
}
