import type { ClosedListenersSample } from '../snapshot.ts'
import type { ListeningEnd } from './port-state.ts'

/** A port whose last listener has closed is remembered for so long; and not more of them than this. */
const KEPT_MS = 10 * 60_000
const KEPT_PORTS = 1024

/** What has closed on one port. */
export interface Closed {
  readonly address: string
  readonly port: number
  /** Index of the device that its listeners are bound to, 0 for none. */
  readonly deviceIndex: number
  listeners: number
  reset: number
}

/**
 * Listeners that have closed, and the clients that waited in their queues: the kernel resets them, unless another listener
 * of the group takes them over (docs/kernel-facts.md#closing-a-member, #migrating-a-queue). A queue is known by its last
 * sample, so these numbers are about right; a listener that lived for less than a sampling interval was never seen.
 */
export class ClosedListeners {
  /** Of ports without a listener, in the order in which they lost it. */
  readonly #gone = new Map<string, { closed: Closed; goneMs: number }>()
  #unsettled: { closed: Closed; waiting: number; hadSiblings: boolean }[] = []
  #listeners = 0
  #reset = 0

  /** What is known of a port that begins to listen. */
  returned({ address, port, deviceIndex }: Pick<Closed, 'address' | 'port' | 'deviceIndex'>): Closed {
    const key = keyOf({ address, port, deviceIndex })
    const known = this.#gone.get(key)
    this.#gone.delete(key)
    return known?.closed ?? { address, port, deviceIndex, listeners: 0, reset: 0 }
  }

  /** A listener has closed, and so many others of its group have not. */
  add(closed: Closed, { length }: ListeningEnd, siblings: number): void {
    closed.listeners++
    this.#listeners++
    this.#unsettled.push({ closed, waiting: length, hadSiblings: siblings > 0 })
    if (siblings === 0) this.#gone.set(keyOf(closed), { closed, goneMs: Number.NaN })
  }

  /** Whether listeners have closed since `settle`. */
  get isUnsettled(): boolean {
    return this.#unsettled.length > 0
  }

  /**
   * Whether `settle` needs to know how many connections were moved: also by a queue that was empty, whose half-open requests
   * move too, and would be taken for the connections of the next.
   */
  get mayHaveMoved(): boolean {
    return this.#unsettled.some(({ hadSiblings }) => hadSiblings)
  }

  /** Counts who was reset. Up to `moved` connections went on to another listener; gives how many of these it could place. */
  settle(nowMs: number, moved: number): number {
    let left = moved
    for (const { closed, waiting, hadSiblings } of this.#unsettled) {
      const kept = hadSiblings ? Math.min(waiting, left) : 0
      left -= kept
      closed.reset += waiting - kept
      this.#reset += waiting - kept
    }
    this.#unsettled = []
    this.#forget(nowMs)
    return moved - left
  }

  /**
   * Undefined if nothing has closed yet. `listening` is what has closed on ports that still listen, `deviceName` gives the name
   * of a device by its index.
   */
  toSample(listening: Iterable<Closed>, deviceName: (index: number) => string): ClosedListenersSample | undefined {
    if (this.#listeners === 0) return undefined
    const ports: ClosedListenersSample['ports'] = []
    const show = ({ deviceIndex, ...closed }: Closed): void => {
      ports.push({ ...closed, ...(deviceIndex !== 0 && { device: deviceName(deviceIndex) }) })
    }
    for (const closed of listening) if (closed.listeners > 0) show(closed)
    for (const { closed } of this.#gone.values()) if (closed.reset > 0) show(closed)
    return { listeners: this.#listeners, reset: this.#reset, ports }
  }

  #forget(nowMs: number): void {
    for (const [key, gone] of this.#gone) {
      if (Number.isNaN(gone.goneMs)) gone.goneMs = nowMs
      if (nowMs - gone.goneMs >= KEPT_MS) this.#gone.delete(key)
    }
    if (this.#gone.size <= KEPT_PORTS) return
    // Those that reset nobody go first.
    for (const ofNote of [false, true])
      for (const [key, { closed }] of this.#gone) {
        if (this.#gone.size <= KEPT_PORTS) return
        if (ofNote || closed.reset === 0) this.#gone.delete(key)
      }
  }
}

const keyOf = ({ address, port, deviceIndex }: Pick<Closed, 'address' | 'port' | 'deviceIndex'>): string =>
  `${address} ${port} ${deviceIndex}`
