import { median } from '#common/quantile.ts'

/** One side of a comparison: does its work `times` over and gives the CPU time that took, in nanoseconds. */
export type Side = (times: number) => Promise<number>

/** Medians in microseconds for one time, and how the second compares with the first, round by round. */
export interface Comparison {
  medianUs: number[]
  /** Median over the rounds of (first side / other side), one for each other side. */
  ratio: number[]
  rounds: number
}

/**
 * Measures the sides in turn, round after round, so that whatever slows the machine slows all of them; every other
 * round goes backwards. Each side does as many times as fill about `roundMs`.
 */
export async function compare(sides: readonly Side[], rounds: number, roundMs: number): Promise<Comparison> {
  const times: number[] = []
  for (const side of sides) {
    await side(1)
    const few = Math.max(1, Math.min(200, Math.floor((roundMs * 1e6) / (await side(1)))))
    const onceNs = (await side(few)) / few
    times.push(Math.max(1, Math.round((roundMs * 1e6) / onceNs)))
  }
  const taken = sides.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    const order = [...sides.keys()]
    if (round % 2 === 1) order.reverse()
    for (const i of order) taken[i]!.push((await sides[i]!(times[i]!)) / times[i]! / 1000)
  }
  const ratio = taken.slice(1).map((other) => median(other.map((us, round) => taken[0]![round]! / us)))
  return { medianUs: taken.map(median), ratio, rounds }
}
