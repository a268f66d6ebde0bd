/**
 * The last half minute, sample by sample: each reading of the accept queues is a moment, and the state at it is the last one
 * that the server sent before, with what that reading found. Pure.
 */
import type { LiveState, ShardView } from '#live/state.ts'
import type { Replay } from '../../api.ts'

/** Drops are counted as overflows by a counter that is read more seldom than the queues. */
const OVERFLOW_SEEN_WITHIN_MS = 400
/** A SYN without an answer is sent again after a second (RFC 6298), give or take a timer. */
const RETURN_MS = 950
const LATEST_RETURN_MS = 1600

/** Something that is marked: so many SYNs, between the reading before and the one at `atMs`. */
export interface PastEvent {
  atMs: number
  sinceMs: number
  count: number
  /** Missing for SYNs that were sent again: their shard is not known. */
  shard?: number
}

export class Past {
  /** When the accept queues were read, by CLOCK_MONOTONIC in ms, ascending. */
  readonly moments: readonly number[]
  /** What was dropped, by shard, and what was sent again. */
  readonly drops: readonly PastEvent[]
  readonly returns: readonly PastEvent[]
  readonly states: readonly LiveState[]
  readonly #samples: Replay['samples']
  /** Where the rows of each moment begin. */
  readonly #rows: readonly number[]

  /** Undefined if nothing is known. */
  static of({ states, samples }: Replay): Past | undefined {
    return states.length < 2 ? undefined : new Past(states, samples)
  }

  private constructor(states: readonly LiveState[], samples: Replay['samples']) {
    const fromMs = states[0]!.monotonicMs
    const rows: number[] = []
    const { atMs, shard, dropped } = samples?.listeners ?? { atMs: [], shard: [], dropped: [] }
    for (const [row, ms] of atMs.entries()) if (ms >= fromMs && ms !== atMs[row - 1]) rows.push(row)
    this.states = states
    this.#samples = rows.length === 0 ? undefined : samples
    this.#rows = rows
    this.moments = rows.length === 0 ? states.map(({ monotonicMs }) => monotonicMs) : rows.map((row) => atMs[row]!)
    this.drops = this.moments.flatMap((ms, index) =>
      this.#rowsOf(index).flatMap((row) =>
        dropped[row]! > 0
          ? [{ atMs: ms, sinceMs: this.moments[index - 1] ?? ms, count: dropped[row]!, shard: shard[row]! }]
          : [],
      ),
    )
    const resent = samples?.resent ?? { atMs: [], gained: [] }
    this.returns = resent.gained.flatMap((count, row) =>
      count > 0 && resent.atMs[row]! >= fromMs
        ? [{ atMs: resent.atMs[row]!, sinceMs: resent.atMs[row - 1] ?? resent.atMs[row]!, count }]
        : [],
    )
  }

  /** Whether it has every sample, instead of the states alone. */
  get hasSamples(): boolean {
    return this.#samples !== undefined
  }

  /** When what is read more seldom was read. */
  get readings(): { resent: readonly number[]; synQueue: readonly number[] } {
    return { resent: this.#samples?.resent.atMs ?? [], synQueue: this.#samples?.synQueue.atMs ?? [] }
  }

  get fromMs(): number {
    return this.moments[0]!
  }

  get toMs(): number {
    return this.moments.at(-1)!
  }

  /** By the wall clock, in ms. */
  wallMs(atMs: number): number {
    const { timeMs, monotonicMs } = this.states.at(-1)!
    return timeMs - monotonicMs + atMs
  }

  /** The last moment that is not after this one; the first if there is none. */
  indexAt(atMs: number): number {
    return Math.max(
      0,
      this.moments.findLastIndex((ms) => ms <= atMs),
    )
  }

  stateAt(index: number): LiveState {
    const atMs = this.moments[index]!
    const base = this.states.findLast(({ monotonicMs }) => monotonicMs <= atMs) ?? this.states[0]!
    if (this.#samples === undefined) return base
    const { listeners } = this.#samples
    const rows = this.#rowsOf(index)
    const seconds = Math.max(1, atMs - (this.moments[index - 1] ?? atMs - 10)) / 1000
    const dropped = rows.some((row) => listeners.dropped[row]! > 0)
    const moved = base.moved.filter(({ name }) => name !== 'ListenOverflows')
    if (dropped && this.#overflowsAfter(this.moments[index - 1] ?? atMs))
      moved.push({ name: 'ListenOverflows', perSecond: 1 })
    return {
      ...base,
      sequence: -1 - index,
      monotonicMs: atMs,
      timeMs: this.wallMs(atMs),
      moved,
      shards: base.shards.map((shard) => {
        const row = rows.find((candidate) => listeners.shard[candidate] === shard.shard)
        return row === undefined ? closed(shard) : this.#shardAt(shard, row, seconds)
      }),
      portView: this.#portAt(base, atMs),
    }
  }

  /** When the SYNs that were dropped at this moment, or some of them, were sent again; undefined if that was not seen. */
  returnOf(drop: PastEvent): PastEvent | undefined {
    return this.returns.find(({ atMs }) => atMs >= drop.sinceMs + RETURN_MS && atMs <= drop.atMs + LATEST_RETURN_MS)
  }

  #shardAt(shard: ShardView, row: number, seconds: number): ShardView {
    const { listeners } = this.#samples!
    const [length, limit, dropped] = [listeners.length[row]!, listeners.limit[row]!, listeners.dropped[row]!]
    return {
      ...shard,
      state: 'listening',
      length,
      limit,
      fill: length / (limit + 1),
      peak: Math.max(shard.peak, length),
      dropsPerSecond: dropped / seconds,
      droppedNow: dropped,
    }
  }

  #portAt(base: LiveState, atMs: number): LiveState['portView'] {
    const { synQueue } = this.#samples!
    const row = synQueue.atMs.findLastIndex((ms) => ms <= atMs)
    if (base.portView === undefined || row < 0) return base.portView
    const [length, limit] = [synQueue.length[row]!, synQueue.limit[row]!]
    const peak = Math.max(base.portView.synQueue?.peak ?? 0, length)
    return { ...base.portView, synQueue: { length, limit, peak } }
  }

  #overflowsAfter(sinceMs: number): boolean {
    const { overflows } = this.#samples!
    return overflows.atMs.some((ms) => ms >= sinceMs && ms <= sinceMs + OVERFLOW_SEEN_WITHIN_MS)
  }

  #rowsOf(index: number): number[] {
    const from = this.#rows[index]
    if (from === undefined) return []
    const to = this.#rows[index + 1] ?? this.#samples?.listeners.atMs.length ?? from
    return Array.from({ length: to - from }, (_, offset) => from + offset)
  }
}

/** A shard without a row had no listener then. */
const closed = (shard: ShardView): ShardView => ({
  ...shard,
  state: shard.state === 'down' ? 'down' : 'closed',
  length: 0,
  fill: 0,
  dropsPerSecond: 0,
  droppedNow: 0,
})

/** How often something was read: the middle one of the times between readings, and the longest; undefined for fewer than two. */
export function paceOf(atMs: readonly number[]): { everyMs: number; longestMs: number } | undefined {
  const gaps = atMs.slice(1).map((ms, index) => ms - atMs[index]!)
  const sorted = gaps.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  return middle === undefined ? undefined : { everyMs: middle, longestMs: sorted.at(-1)! }
}
