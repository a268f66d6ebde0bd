/** The last five minutes of the queues of a host, for charts that are opened later: a point a second, and none where nothing changes. */
import type { PlaceRows } from '#live/host/overview.ts'
import { gapPoint, hostPoint } from '../web/charts/host-points.ts'
import { KEPT_MS, type Kept, type Point } from '../web/charts/series.ts'

const EVERY_MS = 1000
/** So many places have a history: those that were the worst when they were first seen. */
const MOST_PLACES = 1000

export class HostHistories {
  readonly #kept = new Map<string, Point[]>()

  /** Takes the places of a moment, the worst first. */
  see({ sequence, timeMs }: Pick<Point, 'sequence' | 'timeMs'>, places: ReadonlyMap<string, PlaceRows>): void {
    for (const [key, rows] of places) {
      let points = this.#kept.get(key)
      if (points === undefined) {
        if (this.#kept.size >= MOST_PLACES) continue
        points = []
        this.#kept.set(key, points)
      }
      add(points, pointOf({ sequence, timeMs }, rows))
    }
    for (const [key, points] of this.#kept) {
      while ((points[1]?.timeMs ?? timeMs) < timeMs - KEPT_MS) points.shift()
      if ((points.at(-1)?.timeMs ?? 0) < timeMs - KEPT_MS) this.#kept.delete(key)
    }
  }

  /** Nothing is known of what follows, until something is seen again. */
  gap(sequence: number, timeMs: number): void {
    for (const points of this.#kept.values()) if (points.length > 0) points.push(gapPoint(sequence, timeMs))
  }

  of(key: string): Kept {
    return { lab: key, points: this.#kept.get(key) ?? [], marks: [] }
  }
}

function pointOf(at: Pick<Point, 'sequence' | 'timeMs'>, rows: PlaceRows): Point {
  const [{ kind, portSample }] = rows
  const waits = rows.map(({ oldestWaitMs }) => oldestWaitMs)
  return hostPoint(
    {
      ...at,
      oldestWaitMs: kind === 'tcp' && waits.every((wait) => wait !== undefined) ? Math.max(...waits.map(Number)) : null,
      synQueue: portSample?.synQueue,
      unserved: portSample?.connections === undefined ? undefined : (portSample.pastAccept?.unserved ?? 0),
    },
    rows
      .toSorted((a, b) => a.shard - b.shard)
      .map(({ length, room, dropsPerSecond, wasFull }) => ({
        fill: length / Math.max(1, room),
        dropsPerSecond,
        ...(wasFull === undefined ? {} : { wasFull }),
      })),
  )
}

/** Of several within a second the highest; of many that are the same the first and the last. */
function add(points: Point[], point: Point): void {
  const last = points.at(-1)
  const before = points.at(-2)
  if (last === undefined) points.push(point)
  else if (before !== undefined && same(before, last) && same(last, point)) points[points.length - 1] = point
  else if (before !== undefined && last.timeMs - before.timeMs < EVERY_MS && last.fill.length === point.fill.length)
    points[points.length - 1] = {
      ...point,
      fill: higher(last.fill, point.fill),
      drops: higher(last.drops, point.drops),
    }
  else points.push(point)
}

const same = (a: Point, b: Point): boolean =>
  a.oldestWaitMs === b.oldestWaitMs &&
  a.halfOpen === b.halfOpen &&
  a.unserved === b.unserved &&
  a.fill.length === b.fill.length &&
  a.fill.every((value, index) => value === b.fill[index]) &&
  a.drops.every((value, index) => value === b.drops[index])

const higher = (a: Point['fill'], b: Point['fill']): Point['fill'] =>
  b.map((value, index) => (value === null ? null : Math.max(value, a[index] ?? 0)))
