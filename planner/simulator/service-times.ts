/** Draws how long an accept takes, with a given mean and coefficient of variation: constant, exponential, else gamma. */
export function serviceTimes(meanMs: number, cv: number, random: () => number): () => number {
  if (cv === 0 || meanMs === 0) return () => meanMs
  if (cv === 1) return () => -Math.log(1 - random()) * meanMs
  const shape = 1 / cv ** 2
  return () => (gamma(shape, random) * meanMs) / shape
}

/** A gamma variate of this shape and scale 1 (Marsaglia and Tsang, 2000). */
function gamma(shape: number, random: () => number): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

/** A standard normal variate (Box and Muller). */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
