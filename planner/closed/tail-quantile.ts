/** Halvings of the interval. */
const STEPS = 60

/** What a share `probability` does not exceed, by the share that `exceeds` a value; `scale` is a first guess. */
export function tailQuantile(exceeds: (value: number) => number, probability: number, scale: number): number {
  const most = 1 - probability
  if (exceeds(0) <= most) return 0
  let [low, high] = [0, scale]
  while (exceeds(high) > most) high *= 2
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2
    if (exceeds(middle) > most) low = middle
    else high = middle
  }
  return high
}
