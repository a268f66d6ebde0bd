/**
 * The largest value for which something holds, where it holds up to some value and not beyond: NaN if it does not hold for
 * `low`, infinite if it still holds for `high`. Doubles from `guess` on, if it holds there; then halves until it is `precision` of
 * itself from the truth.
 */
export function largest(
  { low, high, guess = low }: { low: number; high: number; guess?: number },
  holds: (value: number) => boolean,
  precision = (_value: number): number => 0.005,
): number {
  let from = guess > low && guess < high && holds(guess) ? guess : low
  if (from === low && !holds(low)) return Number.NaN
  let to = from
  do {
    from = to
    to = Math.min(high, to * 2)
    if (to === from) return Number.POSITIVE_INFINITY
  } while (holds(to))
  const close = 1 + precision(from)
  while (to / from > close) {
    const middle = Math.sqrt(from * to)
    if (holds(middle)) from = middle
    else to = middle
  }
  return from
}
