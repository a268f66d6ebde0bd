import type { ListeningEnd } from './port-state.ts'

/** For so long, and for so many samples, a queue's length must not have changed to be held against a dump of connections. */
const STEADY_MS = 1000
const STEADY_SAMPLES = 10
/** Who waits in such a queue has waited this long, give or take two ticks of the slowest kernel (HZ = 100). */
export const LONG_WAIT_MS = STEADY_MS - 20
/** And who waits in a queue that was empty within this time has not, however slow the dump was (up to half a second). */
const EMPTY_WITHIN_MS = 500

/**
 * How many places in a port's accept queues belong to clients that have sent an RST. Such a client leaves the table of
 * connections at once, but its place stays taken until accept(): docs/kernel-facts.md#clients-that-hang-up-while-they-wait.
 * So it is the length of the queues less the connections that are found waiting. These are read one after the other, so
 * only queues count that stand still: their length was the same for a second before the dump and is so after it. Another
 * listener of the port may go on accepting if it was empty shortly before, so that who has waited long does not wait there.
 */
export class ResetPlaces {
  #pending: { dumpMs: number; still: ListeningEnd[]; waiting: number } | undefined
  #known: number | undefined

  /** Undefined where it cannot be told. */
  get count(): number | undefined {
    return this.#known
  }

  /** A dump of connections that began at `dumpMs` has found these; `believable` is false where lengths count others too. */
  dumped(
    dumpMs: number,
    listeners: Iterable<ListeningEnd>,
    waiting: { all: number; long: number },
    believable: boolean,
  ): void {
    this.#pending = this.#known = undefined
    if (!believable) return
    const still: ListeningEnd[] = []
    let movingLength = 0
    for (const listener of listeners) {
      if (isStill(listener, dumpMs)) still.push(listener)
      else if (dumpMs - listener.lastEmptyMs < EMPTY_WITHIN_MS) movingLength += listener.length
      else return
    }
    // A short wait although no queue has grown: one was accepted and another came, unseen.
    if (movingLength === 0 && waiting.all > waiting.long) return
    if (still.length > 0 || movingLength === 0) this.#pending = { dumpMs, still, waiting: waiting.long }
  }

  /** Whether the listeners must be sampled again before `decide`. */
  get needAnotherLook(): boolean {
    return this.#pending !== undefined && this.#pending.still.length > 0
  }

  /** Call it once the listeners have been sampled after the dump. */
  decide(listeners: ReadonlySet<ListeningEnd>): void {
    if (this.#pending === undefined) return
    const { dumpMs, still, waiting } = this.#pending
    this.#pending = undefined
    const places = still.reduce((sum, { length }) => sum + length, 0)
    const stillSo = still.every((listener) => listeners.has(listener) && isStill(listener, dumpMs))
    this.#known = stillSo && places >= waiting ? places - waiting : undefined
  }
}

const isStill = ({ length, steadySinceMs, steadySamples }: ListeningEnd, dumpMs: number): boolean =>
  length > 0 && steadySamples >= STEADY_SAMPLES && dumpMs - steadySinceMs >= STEADY_MS
