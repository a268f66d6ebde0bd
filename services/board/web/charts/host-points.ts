/** Moments of a host's queue, as its charts draw them: the server keeps them, and the page goes on by itself. Pure. */
import type { QueueView } from '#live/state.ts'
import type { Point } from './series.ts'

/** More curves than this cannot be told apart: there is one then, of the fullest. */
const MOST_CURVES = 12

type Charted = Pick<QueueView, 'fill' | 'dropsPerSecond'> & { wasFull?: boolean }

/** What is charted beside the queues. */
export interface HostPoint extends Pick<Point, 'sequence' | 'timeMs' | 'oldestWaitMs'> {
  synQueue: { length: number; limit: number } | undefined
  unserved: number | undefined
}

/** As many curves as a chart of so many queues has. */
export const curvesFor = (queues: number): number => (queues > MOST_CURVES ? 1 : Math.max(1, queues))

export function hostPoint(
  { sequence, timeMs, oldestWaitMs, synQueue, unserved }: HostPoint,
  queues: readonly Charted[],
): Point {
  // Full for a few milliseconds between two states is full.
  const fill = queues.map((queue) => round(queue.wasFull === true ? Math.max(1, queue.fill) : queue.fill))
  const drops = queues.map(({ dropsPerSecond }) => (dropsPerSecond === undefined ? null : round(dropsPerSecond)))
  const one = curvesFor(queues.length) < queues.length
  return {
    sequence,
    timeMs,
    fill: one ? [Math.max(...fill)] : fill,
    drops: one ? [drops.reduce((sum: number, value) => sum + (value ?? 0), 0)] : drops,
    accepts: [],
    waits: [],
    oldestWaitMs,
    halfOpen: synQueue?.length ?? null,
    halfOpenLimit: synQueue?.limit ?? null,
    arrivals: null,
    unserved: unserved ?? null,
  }
}

/** Between what was seen before and what is seen after it, nothing is known. */
export const gapPoint = (sequence: number, timeMs: number): Point => ({
  ...hostPoint({ sequence, timeMs, oldestWaitMs: null, synQueue: undefined, unserved: undefined }, []),
})

const round = (value: number): number => Math.round(value * 1000) / 1000
