/** Numbers and names as findings say them. */
import { whole } from '#common/quantities.ts'
import type { ShardEvidence } from './evidence.ts'

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
export const inWords = (count: number): string => numbers[count] ?? String(count)

export function names(shards: ShardEvidence[]): string {
  const list = shards.map((shard) => shard.shard)
  if (list.length === 1) return `Shard ${list[0]}`
  return `Shards ${list.slice(0, -1).join(', ')} and ${list.at(-1)}`
}

/** `129 of 129`: how many wait, of how many that fit. */
export const ofThatFit = ({ length, limit }: Pick<ShardEvidence, 'length' | 'limit'>): string =>
  `${whole(length)} of ${whole(limit + 1)}`

/** A rate in a sentence: what happens less than once a second is not told as 0. */
export const perSecond = (rate: number): string => (rate < 1 ? 'fewer than 1' : whole(rate))
