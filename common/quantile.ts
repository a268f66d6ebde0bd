/**
 * What a quantile is, everywhere in this house: the nearest rank. The quantile of a share of some values is the smallest of
 * them that at least this share of them does not exceed; so it is a value that occurred (Hyndman and Fan, definition 1).
 */

/** Shares and their products are off by so much of themselves at most: 0.07 × 100 is a little above 7, and means 7. */
const ROUNDING = 1e-12

/** Whether a part, such as a sum of probabilities, makes up at least this share; rounding does not count. */
export const reaches = (part: number, share: number): boolean => part >= share * (1 - ROUNDING)

/** The rank of a share among `count` values, the smallest being 1: at least 1, and above `count` only for shares above 1. */
export const nearestRank = (share: number, count: number): number =>
  Math.max(1, Math.ceil(share * count * (1 - ROUNDING)))

/** The value that a share of all does not exceed; NaN if there is none at all. `sorted` ascends. */
export const quantile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[nearestRank(share, sorted.length) - 1] ?? Number.NaN

/** What half of the values does not exceed, in whatever order they come; of an even number the lower of the middle two. */
export const median = (values: Iterable<number>): number => quantile(Float64Array.from(values).sort(), 0.5)
