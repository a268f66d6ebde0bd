/** Near misses: what somebody may have meant who wrote something that does not exist. */

/** The candidate that lies nearest to a word, or undefined if none is near. Case, `_` and `-` make no difference. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(word)
  const begins = candidates.filter((candidate) => wanted.length > 1 && plain(candidate).startsWith(wanted))
  if (begins.length === 1) return begins[0]
  const limit = wanted.length < 2 ? 0 : wanted.length < 4 ? 1 : wanted.length < 8 ? 2 : 3
  const distances = candidates.map((candidate) => distance(wanted, plain(candidate)))
  const least = Math.min(...distances)
  return least <= limit ? candidates[distances.indexOf(least)] : undefined
}

/** `; did you mean board?`, or nothing where no candidate is near. `written` says how one is written. */
export function orNearest(
  word: string,
  candidates: readonly string[],
  written: (candidate: string) => string = (candidate) => candidate,
): string {
  const found = nearest(word, candidates)
  return found === undefined ? '' : `; did you mean ${written(found)}?`
}

const plain = (word: string): string => word.toLowerCase().replaceAll('_', '-')

/** How many letters have to be added, removed, changed or swapped with their neighbour to make one word of the other. */
function distance(one: string, other: string): number {
  let before: number[] = []
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let row = 1; row <= one.length; row++) {
    const line = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      line[column] = Math.min(
        above[column]! + 1,
        line[column - 1]! + 1,
        above[column - 1]! + (same ? 0 : 1),
        swapped ? before[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = above
    above = line
  }
  return above[other.length]!
}
