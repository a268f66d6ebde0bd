import type { Listener } from './listener.ts'

const NOBODY = -1

/** The half-open requests: which listener holds each, and how often its timer has fired. */
export class Requests {
  readonly #listeners: readonly Listener[]
  readonly #holders: Int32Array
  readonly #timeouts: Uint8Array
  /** Of all listeners together, now. */
  count = 0
  /** Of all listeners together, at most. */
  peak = 0

  /** `listeners` by their places; it may grow. */
  constructor(most: number, listeners: readonly Listener[]) {
    this.#listeners = listeners
    this.#holders = new Int32Array(most).fill(NOBODY)
    this.#timeouts = new Uint8Array(most)
  }

  /** The listener that holds it; undefined if none does. */
  holder(request: number): Listener | undefined {
    return this.#listeners[this.#holders[request]!]
  }

  /** Also one that another listener held before: only those whose timer never fired are young. */
  store(request: number, listener: Listener): void {
    this.#holders[request] = listener.place
    listener.requests++
    if (this.#timeouts[request] === 0) listener.young++
    if (++this.count > this.peak) this.peak = this.count
  }

  forget(request: number): void {
    const listener = this.holder(request)
    if (listener === undefined) return
    this.#holders[request] = NOBODY
    listener.requests--
    if (this.#timeouts[request] === 0) listener.young--
    this.count--
  }

  timeouts(request: number): number {
    return this.#timeouts[request]!
  }

  /** Its timer fired, and its SYN-ACK is sent again. */
  countTimeout(request: number): void {
    const listener = this.holder(request)
    if (this.#timeouts[request]!++ === 0 && listener !== undefined) listener.young--
  }
}
