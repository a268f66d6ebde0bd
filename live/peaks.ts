/** A peak belongs to the limit that it was seen under: one from before listen() was called with another backlog is left out. */

const WINDOW_MS = 30_000

interface Seen {
  limit: number
  /** Since when the limit is this; undefined from the beginning. */
  sinceMs: number | undefined
  /** The highest length under it, once the queue has come down to what fits. */
  peak: number
  settled: boolean
}

export class Peaks {
  #seen = new Map<string, Seen>()

  /** The highest length within the exporter's window by cookie, since each limit is what it is. */
  see(
    queues: readonly { cookie: string; length: number; limit: number; peak: number }[],
    nowMs: number,
  ): Map<string, number> {
    this.#seen = new Map(queues.map((queue) => [queue.cookie, next(this.#seen.get(queue.cookie), queue, nowMs)]))
    return new Map(
      queues.map(({ cookie, peak }) => {
        const seen = this.#seen.get(cookie)
        const changed = seen?.sinceMs !== undefined && nowMs - seen.sinceMs <= WINDOW_MS
        return [cookie, changed ? seen.peak : peak]
      }),
    )
  }
}

function next(before: Seen | undefined, now: { length: number; limit: number }, nowMs: number): Seen {
  const { length, limit } = now
  if (before === undefined) return { limit, sinceMs: undefined, peak: length, settled: true }
  if (before.limit !== limit) {
    const settled = length <= limit + 1
    return { limit, sinceMs: nowMs, peak: settled ? length : 0, settled }
  }
  const settled = before.settled || length <= limit + 1
  return { ...before, settled, peak: settled ? Math.max(before.peak, length) : 0 }
}
