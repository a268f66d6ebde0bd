/** The last five minutes, as the charts draw them. The server keeps them for pages that come later; a page goes on by itself. */
import type { LiveState } from '#live/state.ts'
import { type Mark, marksBetween } from './marks.ts'

export const KEPT_MS = 5 * 60_000

/** One moment; lists are by shard, null where there is nothing to tell. */
export interface Point {
  sequence: number
  timeMs: number
  fill: (number | null)[]
  drops: (number | null)[]
  accepts: (number | null)[]
  waits: (number | null)[]
  oldestWaitMs: number | null
  halfOpen: number | null
  halfOpenLimit: number | null
  arrivals: number | null
  /** Connections that were accepted and of which nobody has read anything: told of foreign servers alone. */
  unserved?: number | null
}

const round = (value: number): number => Math.round(value * 1000) / 1000

function pointOf(state: LiveState): Point {
  const open = (value: (shard: LiveState['shards'][number]) => number | undefined) =>
    state.shards.map((shard) => {
      const known = shard.state === 'listening' ? value(shard) : undefined
      return known === undefined ? null : round(known)
    })
  const port = state.portView
  return {
    sequence: state.sequence,
    timeMs: state.timeMs,
    fill: open((shard) => shard.fill),
    drops: open((shard) => shard.dropsPerSecond),
    accepts: open((shard) => shard.acceptsPerSecond),
    waits: state.shards.map((shard) => shard.acceptWait?.p99Ms ?? null),
    oldestWaitMs: port === undefined ? 0 : (port.oldestWait?.mostMs ?? null),
    halfOpen: port === undefined ? 0 : (port.synQueue?.length ?? null),
    halfOpenLimit: port === undefined ? 0 : (port.synQueue?.limit ?? null),
    arrivals: round(state.clients.startedPerSecond),
  }
}

/** What GET /history answers. */
export interface Kept {
  /** Of which lab: `lab` of its states. */
  lab?: string
  points: Point[]
  marks: Mark[]
}

export class History implements Kept {
  points: Point[] = []
  marks: Mark[] = []
  #last: LiveState | undefined

  /** Takes a state; one that came already, or an earlier one, is left out. */
  add(state: LiveState): void {
    if (this.#last !== undefined && state.timeMs <= this.#last.timeMs) return
    this.points.push(pointOf(state))
    if (this.#last !== undefined) this.marks.push(...marksBetween(this.#last, state))
    this.#last = state
    const from = state.timeMs - KEPT_MS
    // Cut in steps: moving thousands of points at each of ten states a second is for nothing.
    if ((this.points[100]?.timeMs ?? from) < from) this.points = this.points.filter(({ timeMs }) => timeMs >= from)
    if ((this.marks[0]?.timeMs ?? from) < from) this.marks = this.marks.filter(({ timeMs }) => timeMs >= from)
  }

  /** Another lab is shown: nothing of this one belongs to it. */
  clear(): void {
    this.points = []
    this.marks = []
    this.#last = undefined
  }

  /** Puts what a server kept in place of what is here: it knows what a page has missed. */
  restore({ points, marks }: Kept): void {
    const last = points.at(-1)?.timeMs ?? 0
    this.points = [...points, ...this.points.filter(({ timeMs }) => timeMs > last)]
    this.marks = [...marks, ...this.marks.filter(({ timeMs }) => timeMs > last)]
  }
}
