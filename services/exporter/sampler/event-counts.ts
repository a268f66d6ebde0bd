import type { ListenerCounts } from '#kernel/bpf/event-record.ts'
import type { EventSample } from '../snapshot.ts'
import type { WatchedEvents } from './exact-events.ts'

/** What sock_diag has last shown of a listener, and when. */
export interface Sampled {
  length: number
  drops: number
  /** When the length was read, and the drops; undefined if they were not yet. */
  lengthMs: number
  dropsMs: number | undefined
}

/** What has happened at one listener since it was first read, and whether that agrees with what sock_diag shows of it. */
export class EventCounts {
  joined = 0
  timesFull = 0
  accepted = 0
  waits: number[] = []
  waitSumMs = 0
  finalAckDrops = 0
  #synDrops = 0
  #discarded = 0
  #fullMs = 0
  /** When anything was last found to have happened. */
  #movedMs = Number.NEGATIVE_INFINITY
  /** What `joined` less `accepted` was above the length, and the drops above what was `discarded`, when they were first compared. */
  #joinedBase: number | undefined
  #dropsBase: number | undefined

  /** Of a new listener all drops are its own; another may have dropped before anything was watched. */
  constructor(isNew: boolean) {
    if (isNew) this.#dropsBase = 0
  }

  /**
   * Takes what was counted until now, and gives by how much longer the queue has been full; undefined where that is not known
   * since its limit has changed, or because ends are not watched.
   */
  take(counts: ListenerCounts, nowMs: number, limit: number, watched: WatchedEvents): number | undefined {
    const { joined, timesFull, accepted, finalAckDrops, discarded } = counts
    if (joined !== this.joined || accepted !== this.accepted || discarded !== this.#discarded) {
      this.#movedMs = nowMs
      if (accepted !== this.accepted) this.waits = Array.from(counts.waits)
    }
    this.joined = joined
    this.timesFull = timesFull
    this.accepted = accepted
    this.waitSumMs = counts.waitSumMs
    this.finalAckDrops = finalAckDrops
    this.#discarded = discarded
    if (!watched.kinds.has('accepts') || counts.limit !== limit) return undefined
    const fullMs = counts.fullMs + Math.max(0, nowMs - (counts.fullSinceMs ?? nowMs))
    const longerMs = Math.max(0, fullMs - this.#fullMs)
    this.#fullMs = fullMs
    return longerMs
  }

  /**
   * How many events were missed, as sock_diag shows: whoever has joined and was not accepted waits, and a listener has dropped
   * at least what was discarded. Both are read at different moments, so only what was read while nothing happened counts.
   */
  missed({ length, lengthMs, drops, dropsMs }: Sampled, watched: WatchedEvents): number {
    let missed = 0
    if (watched.kinds.has('accepts') && lengthMs > this.#movedMs) {
      const base = this.joined - this.accepted - length
      missed += Math.abs(base - (this.#joinedBase ?? base))
      this.#joinedBase = base
    }
    if (watched.kinds.has('drops') && dropsMs !== undefined && dropsMs > this.#movedMs) {
      const base = drops - this.#discarded
      const synDrops = base - (this.#dropsBase ?? base)
      if (synDrops < 0) {
        missed -= synDrops
        this.#dropsBase = base
      }
    }
    return missed
  }

  /** `sampled` was read before what was taken last: what is dropped in between is taken for a SYN only once it is known not to be. */
  toSample({ drops, dropsMs }: Sampled, watched: WatchedEvents): EventSample {
    if (dropsMs !== undefined) {
      this.#dropsBase ??= drops - this.#discarded
      this.#synDrops = Math.max(this.#synDrops, drops - this.#discarded - this.#dropsBase)
    }
    return {
      ...(watched.kinds.has('joins') && { joined: this.joined, timesFull: this.timesFull }),
      ...(watched.kinds.has('accepts') && { accepted: this.accepted, waits: this.waits, waitSumMs: this.waitSumMs }),
      ...(watched.kinds.has('drops') && { finalAckDrops: this.finalAckDrops, synDrops: this.#synDrops }),
    }
  }
}
