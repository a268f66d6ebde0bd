/** Numbers and names as findings say them. */
import type { ShardEvidence } from './evidence.ts'

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
export const inWords = (count: number): string => numbers[count] ?? String(count)

export function names(shards: ShardEvidence[]): string {
  const list = shards.map((shard) => shard.shard)
  if (list.length === 1) return `Shard ${list[0]}`
  return `Shards ${list.slice(0, -1).join(', ')} and ${list.at(-1)}`
}
