import type { EventKind } from '#kernel/bpf/events.ts'
import { KernelError } from '#kernel/errors.ts'
import { ExactEvents } from './exact-events.ts'
import { ExactReadings } from './exact-readings.ts'

/** What --exact asks for, as a person is told of it: what each listener holds, and what happens there between two looks. */
export const exactFeatures = ['shards', 'peaks', 'accept_waits', 'drops'] as const
export type ExactFeature = (typeof exactFeatures)[number]

const ofEvents: Record<Exclude<ExactFeature, 'shards'>, EventKind> = {
  peaks: 'joins',
  accept_waits: 'accepts',
  drops: 'drops',
}

/** What has become of the wish for exact numbers. */
export class Exact {
  readonly readings: ExactReadings | undefined
  readonly events: ExactEvents | undefined
  readonly #refusals: { readings?: string; events?: string } = {}

  /**
   * Begins with all that is wished and can be had, and logs what cannot. With `on` throws a KernelError if not even what listeners
   * hold can be read.
   */
  constructor(wish: 'auto' | 'on', log: (line: string) => void) {
    try {
      this.readings = new ExactReadings(log)
    } catch (error) {
      if (wish === 'on' || !(error instanceof KernelError)) throw error
      log(`Listeners are not read by BPF: ${error.message}`)
      this.#refusals.readings = error.message
    }
    try {
      this.events = new ExactEvents(log)
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      // Said already, if it is the same.
      if (this.#refusals.readings === undefined) log(`Accept queues are not watched by BPF: ${error.message}`)
      this.#refusals.events = error.message
    }
  }

  /** Why something cannot be had, or cannot any more; null for what can. */
  why(feature: ExactFeature): string | null {
    if (feature === 'shards') return this.readings?.why ?? this.#refusals.readings ?? null
    return this.events?.why(ofEvents[feature]) ?? this.#refusals.events ?? null
  }

  close(): void {
    this.readings?.close()
    this.events?.close()
  }
}
