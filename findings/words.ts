/** Numbers and names as findings say them. */
import type { ShardEvidence } from './evidence.ts'

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
export const inWords = (count: number): string => numbers[count] ?? String(count)
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

export function names(shards: ShardEvidence[]): string {
  const list = shards.map((shard) => shard.shard)
  if (list.length === 1) return `Shard ${list[0]}`
  return `Shards ${list.slice(0, -1).join(', ')} and ${list.at(-1)}`
}

/** Bytes with a decimal unit: 63 kB. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let value = count
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
