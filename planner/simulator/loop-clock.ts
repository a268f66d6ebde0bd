import type { Stall } from '../system.ts'

/** The time of one event loop, which passes only while it does not stand still. Asked with times that never decrease. */
export class LoopClock {
  readonly #stalls: readonly Stall[]
  #next = 0

  constructor(stalls: readonly Stall[]) {
    this.#stalls = stalls
  }

  /** The moment from which the loop can do something: `nowMs`, or the end of the stall in which that lies. */
  freeAt(nowMs: number): number {
    this.#pass(nowMs)
    const stall = this.#stalls[this.#next]
    return stall !== undefined && stall.fromMs <= nowMs ? stall.toMs : nowMs
  }

  /** When work of this length is done that begins at `nowMs`, stalls left out. */
  after(nowMs: number, workMs: number): number {
    let atMs = this.freeAt(nowMs)
    let leftMs = workMs
    for (let i = this.#next; i < this.#stalls.length; i++) {
      const { fromMs, toMs } = this.#stalls[i]!
      if (toMs <= atMs) continue
      if (fromMs - atMs >= leftMs) break
      leftMs -= fromMs - atMs
      atMs = toMs
    }
    return atMs + leftMs
  }

  #pass(nowMs: number): void {
    while (this.#next < this.#stalls.length && this.#stalls[this.#next]!.toMs <= nowMs) this.#next++
  }
}
