import { monotonicMs } from '#common/clock.ts'
import type { PortMemory } from './memory.ts'

/** Waits that faults impose on single connections and responses while the loop keeps running. Each ends when its fault does. */
export class Pace {
  readonly #memory: PortMemory
  readonly #waiting = new Set<() => void>()

  constructor(memory: PortMemory) {
    this.#memory = memory
  }

  /** Makes everything that waits look at the faults again. */
  faultsChanged(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Whether a connection accepted now must wait before it is read. */
  get holdsConnections(): boolean {
    return this.#memory.fault('neverRead') === 1 || this.#memory.fault('readDelayMs') > 0
  }

  /** Waits until a connection accepted now may be read. */
  async untilReadable(): Promise<void> {
    const start = monotonicMs()
    await this.#while(() =>
      this.#memory.fault('neverRead') === 1
        ? Number.POSITIVE_INFINITY
        : start + this.#memory.fault('readDelayMs') - monotonicMs(),
    )
  }

  /** Waits as long as the fault says, now or after a change during the wait. */
  async delay(fault: 'readDelayMs' | 'responseDelayMs'): Promise<void> {
    const start = monotonicMs()
    await this.#while(() => start + this.#memory.fault(fault) - monotonicMs())
  }

  async #while(remainingMs: () => number): Promise<void> {
    for (let ms = remainingMs(); ms > 0; ms = remainingMs())
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(ms) ? setTimeout(() => wake(), Math.ceil(ms)) : undefined
        const wake = (): void => {
          clearTimeout(timer)
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
  }
}
