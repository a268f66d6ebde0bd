import type { Listener } from './listener.ts'

const NONE = -1

/** The half-open requests: which listener has each in its SYN queue, and how often its timer has fired. */
export class Requests {
  readonly #listeners: readonly Listener[]
  readonly #places: Int32Array
  readonly #timeouts: Uint8Array
  /** Of all listeners together, now. */
  count = 0
  /** Of all listeners together, at most. */
  peak = 0

  /** `listeners` by their places; it may grow. */
  constructor(most: number, listeners: readonly Listener[]) {
    this.#listeners = listeners
    this.#places = new Int32Array(most).fill(NONE)
    this.#timeouts = new Uint8Array(most)
  }

  /** The listener in whose SYN queue it is; undefined if it is in none. */
  listenerOf(request: number): Listener | undefined {
    return this.#listeners[this.#places[request]!]
  }

  /** Also one that another listener had before: only those whose timer never fired are young. */
  store(request: number, listener: Listener): void {
    this.#places[request] = listener.place
    listener.requests++
    if (this.#timeouts[request] === 0) listener.young++
    if (++this.count > this.peak) this.peak = this.count
  }

  forget(request: number): void {
    const listener = this.listenerOf(request)
    if (listener === undefined) return
    this.#places[request] = NONE
    listener.requests--
    if (this.#timeouts[request] === 0) listener.young--
    this.count--
  }

  timeouts(request: number): number {
    return this.#timeouts[request]!
  }

  /** Its timer fired, and its SYN-ACK is sent again. */
  countTimeout(request: number): void {
    const listener = this.listenerOf(request)
    if (this.#timeouts[request]!++ === 0 && listener !== undefined) listener.young--
  }
}
