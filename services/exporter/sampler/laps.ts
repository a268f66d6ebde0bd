/**
 * The two clocks of the sampler's thread, in milliseconds: one that never steps, and the time that the thread has spent on a
 * CPU. Where one reading ends the next begins, so that they are looked at once for each reading: a look at the second is a
 * system call.
 */
export class Laps {
  readonly #clock: () => number
  readonly #cpuClock: () => number
  nowMs = Number.NEGATIVE_INFINITY
  cpuMs = Number.NaN

  constructor(clock: () => number, cpuClock: () => number) {
    this.#clock = clock
    this.#cpuClock = cpuClock
  }

  /** Begins at this time. CPU time since the last reading belongs to the next: waking up for it is a part of what it costs. */
  begin(nowMs: number): void {
    this.nowMs = nowMs
    if (Number.isNaN(this.cpuMs)) this.cpuMs = this.#cpuClock()
  }

  /** Ends a reading, and begins the next. */
  end(): void {
    this.nowMs = this.#clock()
    this.cpuMs = this.#cpuClock()
  }

  /** What happens until the next beginning is no part of a reading. */
  rest(): void {
    this.cpuMs = Number.NaN
  }
}
