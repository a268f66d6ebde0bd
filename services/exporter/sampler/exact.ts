import { UsageError } from '#common/errors.ts'
import { Btf } from '#kernel/bpf/btf.ts'
import type { EventKind } from '#kernel/bpf/event-record.ts'
import { NothingWatched } from '#kernel/bpf/events.ts'
import { lookForPins, type Pins } from '#kernel/bpf/pins.ts'
import { KernelError } from '#kernel/errors.ts'
import { ExactEvents } from './exact-events.ts'
import { ExactReadings } from './exact-readings.ts'
import { ExactWaiting } from './exact-waiting.ts'
import type { ExactWish } from './message.ts'

/** What --exact asks for, as a person is told of it: what each listener holds, who waits there, and what happens between two looks. */
export const features = ['shards', 'waiting', 'peaks', 'accept_waits', 'drops'] as const
type Feature = (typeof features)[number]
/** Without these `on` does not begin. What is dropped is told apart by the newest kernels alone, and said to be missing elsewhere. */
const demanded = ['shards', 'peaks', 'accept_waits'] as const satisfies readonly Feature[]

/** The features that are of events, and what each is had by. */
export const ofEvents: Record<Exclude<Feature, 'shards' | 'waiting'>, EventKind> = {
  peaks: 'joins',
  accept_waits: 'accepts',
  drops: 'drops',
}

const notRead = 'Listeners are not read by BPF'
const notWatched = 'Accept queues are not watched by BPF'
const notInOrder = 'Who waits, and in which order, is not read by BPF'

/** Why `--exact on` would not begin here; undefined if it would. Takes half a second of CPU time. */
export function whyNotExact(): string | undefined {
  const whys = whysHere()
  return demanded.map((feature) => whys[feature]).find((why) => typeof why === 'string') ?? undefined
}

/** Why one of them cannot be had here; undefined if it can. Takes as long. */
export const whyWithout = (feature: Feature): string | undefined => whysHere()[feature] ?? undefined

/** Why each feature cannot be had here, or null for one that can. Takes half a second of CPU time. */
export function whysHere(): Exact['whys'] {
  const exact = new Exact('auto', () => {}, 0)
  try {
    return exact.whys
  } finally {
    exact.close()
  }
}

/** What has become of the wish for exact numbers. */
export class Exact {
  readonly #wish: ExactWish
  readonly #log: (line: string) => void
  readonly #types: () => Btf
  #readings: ExactReadings | undefined
  #waiting: ExactWaiting | undefined
  #events: ExactEvents | undefined
  readonly #refusals: { readings?: string; waiting?: string; events?: string } = {}
  /** Why each of the events is missing, where none of them can be had. */
  #missing: ReadonlyMap<EventKind, string> = new Map()

  /**
   * Begins at `nowMs` with all that is wished and can be had, by programs of its own or else by those that are installed for others
   * to read, and logs what cannot. With `on` throws a UsageError if what listeners hold cannot be read, or how long their queues
   * were between two samples; with `later` nothing begins before `watch`.
   */
  constructor(wish: ExactWish, log: (line: string) => void, nowMs: number, types = () => Btf.ofKernel()) {
    this.#wish = wish
    this.#log = log
    this.#types = types
    if (wish === 'later') return
    let btf: Btf | undefined
    try {
      this.#readings = this.#begin(
        () => {
          btf = types()
          return new ExactReadings(log, btf)
        },
        ({ listeners }) => new ExactReadings(log, listeners),
      )
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      log(`${notRead}: ${error.message}`)
      this.#refusals.readings = error.message
    }
    this.watch(nowMs, btf)
    if (wish === 'on') this.#refuseToLack()
  }

  /**
   * Begins to watch what happens at listeners, and makes ready to tell who waits there, or logs why that cannot be. Takes a third of a
   * second of CPU time.
   */
  watch(nowMs: number, known?: Btf): void {
    let btf = known
    const types = (): Btf => {
      btf ??= this.#types()
      return btf
    }
    try {
      this.#waiting = this.#begin(
        () => new ExactWaiting(this.#log, types()),
        ({ folder, waiting }) => {
          if (waiting === undefined)
            throw new KernelError(
              'bpf',
              'ENOENT',
              'Reading who waits',
              `It is not among what is installed in ${folder}`,
            )
          return new ExactWaiting(this.#log, waiting)
        },
      )
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      if (this.#refusals.readings === undefined) this.#log(`${notInOrder}: ${error.message}`)
      this.#refusals.waiting = error.message
    }
    try {
      this.#events = this.#begin(
        () => new ExactEvents(this.#log, nowMs, types()),
        (pins) => new ExactEvents(this.#log, nowMs, pins),
      )
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      // Said already, if it is the same.
      if (this.#refusals.readings === undefined && this.#refusals.waiting !== error.message)
        this.#log(`${notWatched}: ${error.message}`)
      this.#refusals.events = error.message
      // What a process may not do at all it may not do for any of them, and that is said with what to do.
      if (error instanceof NothingWatched && error.code !== 'EPERM') this.#missing = error.missing
    }
  }

  /** By programs of this process; where it may not load any, by those that are installed. */
  #begin<Part>(own: () => Part, installed: (pins: Pins) => Part): Part {
    try {
      return own()
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      const pins = lookForPins()
      if (typeof pins !== 'string') {
        const part = installed(pins)
        if (!this.#saidWhere) this.#log(`This process loads no BPF programs, and reads those in ${pins.folder}`)
        this.#saidWhere = true
        return part
      }
      if (error.code !== 'EPERM') throw error
      throw new KernelError(error.call, error.code, error.doing, `${error.remedy}. ${pins}`)
    }
  }
  #saidWhere = false

  #refuseToLack(): void {
    const { whys } = this
    const lacking = demanded.find((feature) => typeof whys[feature] === 'string')
    if (lacking === undefined) return
    this.close()
    throw new UsageError(
      `--exact on: ${lacking === 'shards' ? notRead : notWatched}: ${whys[lacking]}`,
      'With --exact auto what can be had is exact, and the rest is sampled',
    )
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

  /** Undefined while it cannot be told who waits. */
  get waiting(): ExactWaiting | undefined {
    return this.#waiting
  }

  /** Why something cannot be had, or cannot any more, for each feature that was asked for and tried; null for what can. */
  get whys(): Partial<Record<Feature, string | null>> {
    if (this.isToWatch) return {}
    const asked = features.filter((feature) => feature !== 'shards' || this.#wish !== 'later')
    return Object.fromEntries(asked.map((feature) => [feature, this.#why(feature)]))
  }

  #why(feature: Feature): string | null {
    if (feature === 'shards') return this.#readings?.why ?? this.#refusals.readings ?? null
    if (feature === 'waiting') return this.#waiting?.why ?? this.#refusals.waiting ?? null
    const kind = ofEvents[feature]
    return this.#events?.why(kind) ?? this.#missing.get(kind) ?? this.#refusals.events ?? null
  }

  close(): void {
    this.#readings?.close()
    this.#waiting?.close()
    this.#events?.close()
  }
}
