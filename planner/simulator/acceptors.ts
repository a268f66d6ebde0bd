/** The event loops: who is woken by a connection, what a turn does, and when the next one comes. */
import type { EventLoop, Shard } from '../system.ts'
import { LoopClock } from './loop-clock.ts'
import { serviceTimes } from './service-times.ts'

interface Loop {
  shard: number
  plan: EventLoop
  clock: LoopClock
  acceptMs: () => number
  acceptedThisTurn: number
  idle: boolean
}

/** What the loops have to do with. */
export interface Surroundings {
  /** Has `turn` called with this loop, then. */
  turnAt(timeMs: number, loop: number): void
  /** True if a connection waits in this shard. */
  waiting(shard: number): boolean
  /** Takes the oldest connection of this shard, which is answered at that moment. */
  take(nowMs: number, shard: number, answeredMs: number): void
}

export class Acceptors {
  readonly #surroundings: Surroundings
  readonly #loops: Loop[] = []
  readonly #loopsOf: number[][]

  constructor(shards: readonly Shard[], random: () => number, surroundings: Surroundings) {
    this.#surroundings = surroundings
    this.#loopsOf = shards.map(({ loops }, shard) =>
      loops.map((plan) => {
        const acceptMs = serviceTimes(plan.acceptMs, plan.acceptCv, random)
        const clock = new LoopClock(plan.stalls)
        return this.#loops.push({ shard, plan, clock, acceptMs, acceptedThisTurn: 0, idle: true }) - 1
      }),
    )
  }

  /** Wakes an idle loop of the shard. One that stands still looks when it goes on, so another one is woken as well. */
  wake(nowMs: number, shard: number): void {
    for (const number of this.#loopsOf[shard]!) {
      const loop = this.#loops[number]!
      if (!loop.idle) continue
      loop.idle = false
      const freeMs = loop.clock.freeAt(nowMs)
      if (freeMs === nowMs) {
        this.turn(nowMs, number)
        return
      }
      this.#surroundings.turnAt(freeMs, number)
    }
  }

  /** What a loop does next: it accepts, or handles what it has accepted in this turn, or waits. */
  turn(nowMs: number, number: number): void {
    const loop = this.#loops[number]!
    const freeMs = loop.clock.freeAt(nowMs)
    if (freeMs > nowMs) {
      this.#surroundings.turnAt(freeMs, number)
      return
    }
    this.#acceptUntilBusy(nowMs, number, loop)
  }

  /** What costs nothing is over at once, whatever else happens at the same moment. */
  #acceptUntilBusy(nowMs: number, number: number, loop: Loop): void {
    for (;;) {
      const doneMs = this.#step(nowMs, loop)
      if (doneMs === undefined) {
        loop.idle = true
        return
      }
      if (doneMs > nowMs) {
        this.#surroundings.turnAt(doneMs, number)
        return
      }
    }
  }

  /** When the loop is done with its next piece of work; undefined if there is none. */
  #step(nowMs: number, loop: Loop): number | undefined {
    const waiting = this.#surroundings.waiting(loop.shard)
    const { acceptsPerTurn, handleMs } = loop.plan
    if (loop.acceptedThisTurn > 0 && (!waiting || loop.acceptedThisTurn >= acceptsPerTurn)) {
      const work = loop.acceptedThisTurn * handleMs
      loop.acceptedThisTurn = 0
      if (work > 0) return loop.clock.after(nowMs, work)
    }
    if (!waiting) return undefined
    loop.acceptedThisTurn++
    const acceptedMs = loop.clock.after(nowMs, loop.acceptMs())
    this.#surroundings.take(nowMs, loop.shard, loop.clock.after(acceptedMs, handleMs))
    return acceptedMs
  }
}
