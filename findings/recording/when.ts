/** When it was, as people compare it with their logs. */
import { duration, plural } from '#common/quantities.ts'
import type { Spell } from './spells.ts'

const DAY_S = 86_400

/** `Between 14:03:20 and 14:03:50 UTC`, or `Since …` where it goes on: the readings around it, since no moment is known better. */
export function whenInWords({ from, to, lasts, shard }: Pick<Spell, 'from' | 'to' | 'lasts' | 'shard'>): string {
  const last = shard.limits.at(-1)?.atSeconds ?? to
  const stamp = (seconds: number): string => clock(seconds, last - seconds > DAY_S)
  if (lasts) return `Since ${stamp(from)} UTC`
  return `Between ${stamp(from)} and ${stamp(to)} UTC`
}

function clock(seconds: number, withDate: boolean): string {
  const text = new Date(seconds * 1000).toISOString()
  return withDate ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : text.slice(11, 19)
}

/** `It happened 3 times in this time; this was the worst, and the first was at …` */
export function timesInWords(all: readonly Spell[], worst: Spell): string {
  const seconds = all.reduce((sum, { fullSeconds }) => sum + fullSeconds, 0)
  const shards = new Set(all.map(({ shard }) => shard)).size
  return `The worst of ${plural(all.length, 'such time')}${shards > 1 ? `, at ${plural(shards, 'shard')}` : ''}${seconds > worst.fullSeconds ? `, ${duration(1000 * Number(seconds.toPrecision(2)))} in all` : ''}.`
}
