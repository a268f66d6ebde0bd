/** How old what waits in each queue is, as its water is coloured: from the one in front to the one that came last. */
import type { PictureState } from '#live/state.ts'

export interface Age {
  /** Of the one that waits longest, in front: what bounds it from above, where anything does. */
  oldestMs: number
  /** Of the one that came last: how long ago the queue was last seen to take anybody. */
  newestMs: number
}

interface Memory {
  length: number
  tookMs: number
}

export class Ages {
  #memory = new Map<number, Memory>()

  /** The ages by shard, of a state that follows those it was given before. */
  see({ shards, monotonicMs }: Pick<PictureState, 'shards' | 'monotonicMs'>): Map<number, Age> {
    const ages = new Map<number, Age>()
    for (const shard of shards) {
      const old = this.#memory.get(shard.shard)
      const takes =
        old === undefined || shard.length > old.length || ((shard.acceptsPerSecond ?? 0) > 0 && !shard.stalled)
      const tookMs = takes ? monotonicMs : old.tookMs
      this.#memory.set(shard.shard, { length: shard.length, tookMs })
      const oldestMs = shard.oldestWait?.mostMs ?? shard.oldestWait?.leastMs ?? 0
      ages.set(shard.shard, { oldestMs, newestMs: Math.min(oldestMs, monotonicMs - tookMs) })
    }
    return ages
  }
}

/** 0 for what has just come, 1 for what waits ten seconds; by the logarithm, as waiting is felt. */
export function staleness(ageMs: number): number {
  const [fresh, stale] = [20, 10_000]
  return Math.min(1, Math.max(0, Math.log(Math.max(ageMs, 1) / fresh) / Math.log(stale / fresh)))
}
