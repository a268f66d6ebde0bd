/**
 * How old what waits in each queue is, as far as the samples tell. A waiting connection does not name its shard, so a
 * queue's age is exact only where it alone has any; else it is bounded: nothing in a queue is older than the last sample
 * that saw it empty, and nothing on the port is older than the port's oldest.
 */
import type { LiveState } from '#live/state.ts'

export interface Age {
  /** Of the one that waits longest, in front. */
  oldestMs: number
  /** Whether `oldestMs` is a bound instead of a measurement. */
  atMost: boolean
  /** Of the one that came last: how long ago the queue was last seen to take anybody. */
  newestMs: number
}

interface Memory {
  length: number
  emptyMs: number | undefined
  tookMs: number
}

export class Ages {
  #memory = new Map<number, Memory>()

  /** The ages by shard, of a state that follows those it was given before. */
  see({ shards, portView, monotonicMs }: LiveState): Map<number, Age> {
    const ages = new Map<number, Age>()
    for (const shard of shards) {
      const old = this.#memory.get(shard.shard)
      const takes = old === undefined || shard.length > old.length || (shard.acceptsPerSecond > 0 && !shard.stalled)
      const now: Memory = {
        length: shard.length,
        emptyMs: shard.length === 0 ? monotonicMs : old?.emptyMs,
        tookMs: takes ? monotonicMs : old.tookMs,
      }
      this.#memory.set(shard.shard, now)
      const sinceEmpty = now.emptyMs === undefined ? Number.POSITIVE_INFINITY : monotonicMs - now.emptyMs
      const bound = Math.min(sinceEmpty, portView?.oldestWaitMs ?? Number.POSITIVE_INFINITY)
      const oldestMs = shard.oldestWaitMs ?? (Number.isFinite(bound) ? bound : 0)
      ages.set(shard.shard, {
        oldestMs,
        atMost: shard.oldestWaitMs === undefined,
        newestMs: Math.min(oldestMs, monotonicMs - now.tookMs),
      })
    }
    return ages
  }
}

/** 0 for what has just come, 1 for what waits ten seconds; by the logarithm, as waiting is felt. */
export function staleness(ageMs: number): number {
  const [fresh, stale] = [20, 10_000]
  return Math.min(1, Math.max(0, Math.log(Math.max(ageMs, 1) / fresh) / Math.log(stale / fresh)))
}
