import { Btf } from '#kernel/bpf/btf.ts'
import type { EventKind } from '#kernel/bpf/events.ts'
import { KernelError } from '#kernel/errors.ts'
import { ExactEvents } from './exact-events.ts'
import { ExactReadings } from './exact-readings.ts'
import type { ExactWish } from './message.ts'

/** What --exact asks for, as a person is told of it: what each listener holds, and what happens there between two looks. */
const features = ['shards', 'peaks', 'accept_waits', 'drops'] as const
type Feature = (typeof features)[number]

const ofEvents: Record<Exclude<Feature, 'shards'>, EventKind> = {
  peaks: 'joins',
  accept_waits: 'accepts',
  drops: 'drops',
}

/** What has become of the wish for exact numbers. */
export class Exact {
  readonly #wish: ExactWish
  readonly #log: (line: string) => void
  #readings: ExactReadings | undefined
  #events: ExactEvents | undefined
  readonly #refusals: { readings?: string; events?: string } = {}

  /**
   * Begins at `nowMs` with all that is wished and can be had, and logs what cannot. With `on` throws a KernelError if not even what
   * listeners hold can be read; with `later` nothing begins before `watch`.
   */
  constructor(wish: ExactWish, log: (line: string) => void, nowMs: number) {
    this.#wish = wish
    this.#log = log
    if (wish === 'later') return
    let btf: Btf | undefined
    try {
      btf = Btf.ofKernel()
      this.#readings = new ExactReadings(log, btf)
    } catch (error) {
      if (wish === 'on' || !(error instanceof KernelError)) throw error
      log(`Listeners are not read by BPF: ${error.message}`)
      this.#refusals.readings = error.message
    }
    this.watch(nowMs, btf)
  }

  /** Begins to watch what happens at listeners, or logs why that cannot be. Takes a third of a second of CPU time. */
  watch(nowMs: number, btf?: Btf): void {
    try {
      this.#events = new ExactEvents(this.#log, nowMs, btf)
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      // Said already, if it is the same.
      if (this.#refusals.readings === undefined) this.#log(`Accept queues are not watched by BPF: ${error.message}`)
      this.#refusals.events = error.message
    }
  }

  /** Whether `watch` is still to be called. */
  get isToWatch(): boolean {
    return this.#wish === 'later' && this.#events === undefined && this.#refusals.events === undefined
  }

  get readings(): ExactReadings | undefined {
    return this.#readings
  }

  get events(): ExactEvents | undefined {
    return this.#events
  }

  /** Why something cannot be had, or cannot any more, for each feature that was asked for and tried; null for what can. */
  get whys(): Partial<Record<Feature, string | null>> {
    if (this.isToWatch) return {}
    const asked = features.filter((feature) => feature !== 'shards' || this.#wish !== 'later')
    return Object.fromEntries(asked.map((feature) => [feature, this.#why(feature)]))
  }

  #why(feature: Feature): string | null {
    if (feature === 'shards') return this.#readings?.why ?? this.#refusals.readings ?? null
    return this.#events?.why(ofEvents[feature]) ?? this.#refusals.events ?? null
  }

  close(): void {
    this.#readings?.close()
    this.#events?.close()
  }
}
