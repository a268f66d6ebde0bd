import { describeError } from '#common/errors.ts'
import { Btf } from '#kernel/bpf/btf.ts'
import { type EventKind, type EventReader, eventKinds, type ListenerCounts } from '#kernel/bpf/event-record.ts'
import { ListenerEvents } from '#kernel/bpf/events.ts'
import { PinnedEvents } from '#kernel/bpf/pinned-events.ts'
import type { Pins } from '#kernel/bpf/pins.ts'
import { KernelError } from '#kernel/errors.ts'
import { unprovenEvents } from './exact-proof.ts'
import type { ListenerState } from './listener-state.ts'

/** What is watched at present, and since when. */
export interface WatchedEvents {
  readonly kinds: ReadonlySet<EventKind>
  readonly sinceMs: number
}

/** So many events that sock_diag shows to be missing, and such a share of all, and they are not believed any more. */
const MISSED = 20
const MISSED_SHARE = 0.01
/** What happens at a listener that nobody reads is forgotten after so long: one that has just come may not have been read yet. */
const UNKNOWN_MS = 5000

/** Of a listener that nobody reads. */
interface Unknown {
  cookieHigh: number
  cookieLow: number
  key: string
}

/** Where events go: a namespace that is read. */
export interface EventTarget {
  /** Does something in that namespace. */
  run(work: () => void): void
  findListener(cookieHigh: number, cookieLow: number): ListenerState | undefined
  listeners(): Iterable<ListenerState>
}

/**
 * What happens at listeners between two readings, for all namespaces of one sampler. Each kind is proven at the start by
 * connections to listeners of our own, and held against sock_diag afterwards.
 */
export class ExactEvents {
  readonly #events: EventReader
  readonly #log: (line: string) => void
  #watched: WatchedEvents
  #why: string | undefined
  #states = new Map<string, ListenerState>()
  /** Those that no namespace knows: since when, and how many listeners had come and gone when they were last looked for. */
  readonly #unknown = new Map<string, { sinceMs: number; changes: number }>()
  #missed = 0
  /** Of these those that sock_diag shows. */
  #contradicted = 0

  /**
   * Begins at `nowMs`, with programs of its own or those that are installed. Throws a KernelError if none of it can be had; what
   * alone cannot be watched is logged.
   */
  constructor(log: (line: string) => void, nowMs: number, source: Btf | Pins = Btf.ofKernel()) {
    this.#log = log
    this.#events = provenEvents(source)
    this.#watched = { kinds: new Set(eventKinds.filter((kind) => !this.#events.missing.has(kind))), sinceMs: nowMs }
    for (const [kind, why] of this.#events.missing) log(`${inWords[kind]} are not watched by BPF: ${why}`)
  }

  get watched(): WatchedEvents {
    return this.#watched
  }

  /** Whether it is known how long every queue was and how long it was full, whenever it is looked. */
  get seesAll(): boolean {
    return this.#watched.kinds.has('joins') && this.#watched.kinds.has('accepts')
  }

  /** Why a kind is not watched; undefined if it is. */
  why(kind: EventKind): string | undefined {
    return this.#why ?? this.#events.missing.get(kind)
  }

  /** Events that happened and were not counted, as far as that is known. */
  get missed(): number {
    return this.#missed
  }

  /**
   * Gives every listener what has happened there. `changes` grows whenever one has come or gone. Never throws: what fails ends
   * it, for all namespaces.
   */
  read(nowMs: number, targets: Iterable<EventTarget>, changes: number): void {
    if (this.#why !== undefined) return
    const namespaces = [...targets]
    const states = new Map<string, ListenerState>()
    const unknown: Unknown[] = []
    let joined = 0
    let missed = 0
    const take = (counts: ListenerCounts): void => {
      const { cookieHigh, cookieLow } = counts
      const key = `${cookieHigh} ${cookieLow}`
      const state = this.#find(key, counts, namespaces, changes)
      if (state === undefined) {
        unknown.push({ cookieHigh, cookieLow, key })
        return
      }
      states.set(key, state)
      joined += counts.joined
      missed += state.takeEvents(counts, nowMs, this.#watched)
    }
    try {
      if (this.#events.isOfOneNamespace)
        for (const target of namespaces) target.run(() => this.#events.read(take, target))
      else this.#events.read(take)
      this.#forget(unknown, nowMs, changes)
      this.#contradicted += missed
      this.#missed += missed + this.#uncounted()
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      this.#end(describeError(error), namespaces)
      return
    }
    this.#states = states
    this.#joined += Math.max(0, joined - this.#joinedByThese)
    this.#joinedByThese = joined
    if (this.#contradicted >= MISSED && this.#contradicted > this.#joined * MISSED_SHARE)
      this.#end(`of ${this.#joined} connections ${this.#contradicted} were missed, as sock_diag shows`, namespaces)
  }

  close(): void {
    this.#events.close()
  }

  /** All that have joined, also at listeners that have closed since; and those of the listeners that are there. */
  #joined = 0
  #joinedByThese = 0
  #lost = 0
  /** Since the last time. */
  #uncounted(): number {
    const before = this.#lost
    this.#lost = this.#events.missed()
    return this.#lost - before
  }

  #find(
    key: string,
    { cookieHigh, cookieLow }: ListenerCounts,
    targets: EventTarget[],
    changes: number,
  ): ListenerState | undefined {
    const known = this.#states.get(key)
    if (known !== undefined && !known.isGone) return known
    if (this.#unknown.get(key)?.changes === changes) return undefined
    for (const target of targets) {
      const found = target.findListener(cookieHigh, cookieLow)
      if (found !== undefined) return found
    }
    return undefined
  }

  #forget(rows: readonly Unknown[], nowMs: number, changes: number): void {
    const still = new Set(rows.map(({ key }) => key))
    for (const key of this.#unknown.keys()) if (!still.has(key)) this.#unknown.delete(key)
    for (const { cookieHigh, cookieLow, key } of rows) {
      const { sinceMs } = this.#unknown.get(key) ?? { sinceMs: nowMs }
      this.#unknown.set(key, { sinceMs, changes })
      if (nowMs - sinceMs > UNKNOWN_MS) this.#events.forget(cookieHigh, cookieLow)
    }
  }

  #end(why: string, targets: EventTarget[]): void {
    this.#why = why
    this.#watched = { ...this.#watched, kinds: new Set() }
    this.#events.close()
    this.#log(`Accept queues are watched by BPF no longer: ${why}. They are sampled as before`)
    for (const target of targets) for (const state of target.listeners()) state.forgetEvents()
  }
}

const inWords: Record<EventKind, string> = {
  joins: 'Connections that join accept queues',
  accepts: 'Accepted connections',
  drops: 'Final ACKs that are dropped',
}

/** Those that count what they are to count; the others are left out, with the reason. */
export function provenEvents(source: Btf): ListenerEvents
export function provenEvents(source: Btf | Pins): EventReader
export function provenEvents(source: Btf | Pins): EventReader {
  const begin = (without: ReadonlyMap<EventKind, string>): EventReader =>
    source instanceof Btf ? new ListenerEvents({ btf: source, without }) : installedEvents(source, without)
  const events = begin(new Map())
  try {
    const unproven = unprovenEvents(events)
    if (unproven.size === 0) return events
    events.close()
    return begin(new Map([...events.missing, ...unproven]))
  } catch (error) {
    events.close()
    throw error
  }
}

function installedEvents({ folder, events, kinds }: Pins, unproven: ReadonlyMap<EventKind, string>): PinnedEvents {
  const why = `It is not among what is installed in ${folder}`
  const without = new Map([
    ...eventKinds.filter((kind) => !kinds.has(kind)).map((kind): [EventKind, string] => [kind, why]),
    ...unproven,
  ])
  if (events === undefined || without.size === eventKinds.length)
    throw new KernelError('bpf', 'ENOENT', 'Watching accept queues by BPF', [...unproven.values()][0] ?? why)
  return new PinnedEvents(events, without)
}
