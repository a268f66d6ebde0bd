/** The largest value for which something holds, where it holds up to some value and not beyond. */
export function largest(low: number, high: number, holds: (value: number) => boolean, precision = 0.005): number {
  if (!holds(low)) return Number.NaN
  let from = low
  let to = low
  do {
    from = to
    to = Math.min(high, to * 2)
    if (to === from) return high
  } while (holds(to))
  while (to / from > 1 + precision) {
    const middle = Math.sqrt(from * to)
    if (holds(middle)) from = middle
    else to = middle
  }
  return from
}
