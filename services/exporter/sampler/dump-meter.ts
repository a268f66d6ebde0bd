import type { BudgetedWork } from './cost-budget.ts'
import type { DumpCost, DumpKind } from './message.ts'
import { PeakWindow } from './sliding-window.ts'

/** What was read longer ago than this many of its intervals is withheld. */
const GOOD_FOR_INTERVALS = 3
/** Short intervals do not make it shorter: on a machine with no CPU to spare every dump comes late by this much. */
const GOOD_FOR_MS = 5000

/**
 * Measures one kind of dump in one namespace. Durations are wall time: by how much a dump delays sampling. The CPU time
 * is what it costs; on a busy machine the two differ widely.
 */
export class DumpMeter {
  readonly kind: DumpKind
  /** What the budget knows of it; listeners are sampled as asked, whatever they cost. */
  readonly work: BudgetedWork | undefined
  readonly #askedMs: number
  #count = 0
  #sumMs = 0
  #cpuSumMs = 0
  #lastMs = 0
  #readMs = Number.NaN
  #startMs = Number.NaN
  #intervalMs = 0
  readonly #longest: PeakWindow

  /** `askedMs` is the interval that was asked for. */
  constructor(kind: DumpKind, askedMs: number, work: BudgetedWork | undefined, windowMs: number) {
    this.kind = kind
    this.work = work
    this.#askedMs = askedMs
    this.#longest = new PeakWindow(windowMs)
  }

  /** When the last one began; not a number before the first. */
  get startMs(): number {
    return this.#startMs
  }

  get count(): number {
    return this.#count
  }

  /** CPU time of all of them, in milliseconds. */
  get cpuSumMs(): number {
    return this.#cpuSumMs
  }

  /** `succeeded` is false for a dump that the kernel refused: what is known then is as old as before. */
  record(startMs: number, durationMs: number, cpuMs: number, succeeded: boolean): void {
    if (this.#count > 0) this.#intervalMs = startMs - this.#startMs
    this.#startMs = startMs
    this.#count++
    this.#sumMs += durationMs
    this.#cpuSumMs += cpuMs
    if (succeeded) this.#readMs = startMs
    this.#lastMs = durationMs
    this.#longest.raise(startMs, durationMs)
  }

  /** Takes that what was read last is known to be so still. */
  stands(nowMs: number): void {
    this.#intervalMs = nowMs - this.#startMs
    this.#startMs = this.#readMs = nowMs
  }

  toCost(nowMs: number): DumpCost {
    return {
      count: this.#count,
      sumSeconds: this.#sumMs / 1000,
      cpuSeconds: this.#cpuSumMs / 1000,
      readMs: Number.isNaN(this.#readMs) ? null : this.#readMs,
      goodForMs: Math.max(GOOD_FOR_MS, GOOD_FOR_INTERVALS * (this.work?.intervalMs() ?? this.#askedMs)),
      lastSeconds: this.#lastMs / 1000,
      maxSeconds: this.#longest.max(nowMs) / 1000,
      intervalSeconds: this.#intervalMs / 1000,
    }
  }
}
