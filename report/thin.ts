/** A value at a moment, in milliseconds. */
export interface Point {
  t: number
  v: number
}

/**
 * As many points as a plot of `columns` pixels can show. Repeated values are left out first; then each column keeps its
 * first, lowest, highest and last point, in order, so that no peak is lost, however short. A value that is not a number
 * is a gap: it is kept, and so are the points around it.
 */
export function thin(points: readonly Point[], columns: number): Point[] {
  const changes = points.filter((point, at) => {
    const [before, after] = [points[at - 1], points[at + 1]]
    return before === undefined || after === undefined || !same(before.v, point.v) || !same(point.v, after.v)
  })
  const [first, last] = [changes[0], changes.at(-1)]
  if (first === undefined || last === undefined || changes.length <= 4 * columns) return changes
  const width = (last.t - first.t) / columns
  const thinned: Point[] = []
  for (let from = 0; from < changes.length; ) {
    const column = columnOf(changes[from]!, first, width)
    let to = from
    while (to < changes.length && columnOf(changes[to]!, first, width) === column) to++
    thinned.push(...extremes(changes, from, to))
    from = to
  }
  return thinned
}

const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

const columnOf = (point: Point, first: Point, width: number): number =>
  width > 0 ? Math.floor((point.t - first.t) / width) : 0

/** First, last, lowest and highest of a stretch, and one gap if there are any. */
function extremes(points: readonly Point[], from: number, to: number): Point[] {
  const kept = new Set([from, to - 1])
  let [lowest, highest, gap] = [-1, -1, -1]
  for (let at = from; at < to; at++) {
    const { v } = points[at]!
    if (Number.isNaN(v)) gap = at
    else {
      if (lowest < 0 || v < points[lowest]!.v) lowest = at
      if (highest < 0 || v > points[highest]!.v) highest = at
    }
  }
  for (const at of [lowest, highest, gap]) if (at >= 0) kept.add(at)
  return [...kept].sort((a, b) => a - b).map((at) => points[at]!)
}
