/** What can happen in a run, and when. */
import { EventHeap } from './event-heap.ts'

/** A SYN reaches the server, then the final ACK of its handshake, then the request that acts as one where that was dropped. */
export const SYN = 0
export const FINAL_ACK = 1
export const REQUEST = 2
/** The server looks at a half-open request again. */
export const SYN_ACK_TIMER = 3
/** An event loop goes on. */
export const LOOP = 4
/** A shard's listener goes, and comes. */
export const CLOSE = 5
export const OPEN = 6
/** A client of a closed loop comes again; one has waited as long as it does. */
export const RETURN = 7
export const PATIENCE = 8
const KINDS = 9

/** An event is a number: whom it concerns, and its kind. */
export const kindOf = (event: number): number => event % KINDS
export const subjectOf = (event: number): number => Math.floor(event / KINDS)

export class Events {
  readonly #heap = new EventHeap()

  /** The time of the next one; infinite if there is none. */
  get nextMs(): number {
    return this.#heap.nextMs
  }

  at(timeMs: number, kind: number, subject: number): void {
    this.#heap.push(timeMs, subject * KINDS + kind)
  }

  /** Takes the next one out. Only while there is one. */
  next(): number {
    return this.#heap.pop()
  }
}
