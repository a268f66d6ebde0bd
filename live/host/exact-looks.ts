/** What BPF tells of each listener, for whoever looks at a host twice: made ready while the two looks lie apart anyhow. */
import { monotonicMs } from '#common/clock.ts'
import { lookForPins } from '#kernel/bpf/pins.ts'
import { KernelError } from '#kernel/errors.ts'
import { ExactReadings } from '#services/exporter/sampler/exact-readings.ts'
import type { Sampler } from '#services/exporter/sampler/sampler.ts'
import { mayLoadPrograms } from '#services/exporter/sight.ts'
import type { ExactLook } from './exact-wait.ts'

/** Of these two looks; or in a sentence why they show what sock_diag does. */
export class ExactLooks implements Disposable {
  readonly #readings: ExactReadings | undefined
  /** Undefined where it is exact. */
  readonly why: string | undefined
  readonly first: ExactLook | undefined

  /**
   * Has the sampler read listeners by BPF from now on, and once at once: by programs that are installed for others, or else by its own.
   * Takes some tens of milliseconds of CPU time.
   */
  constructor(sampler: Sampler) {
    const begun = begin()
    if (typeof begun === 'string') {
      this.why = begun
      return
    }
    this.#readings = begun
    const atMs = monotonicMs()
    this.first = { atMs, waitsMs: sampler.readExactly(begun) }
  }

  /** Why what was read last is not exact; undefined if it is. */
  get lastWhy(): string | undefined {
    return this.why ?? this.#readings?.why
  }

  [Symbol.dispose](): void {
    this.#readings?.close()
  }
}

function begin(): ExactReadings | string {
  const pins = lookForPins()
  try {
    if (typeof pins !== 'string') return new ExactReadings(() => {}, pins.listeners)
    // To find out that the kernel refuses is as dear as to be let.
    if (!mayLoadPrograms()) return 'It takes CAP_BPF and CAP_PERFMON, or root'
    return new ExactReadings(() => {})
  } catch (error) {
    if (error instanceof KernelError) return error.message
    throw error
  }
}
