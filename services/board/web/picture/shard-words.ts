import { duration, number, plural, whole } from '#common/quantities.ts'
import type { ShardView } from '#live/state.ts'
import type { Age } from './ages.ts'

/** A lane in words, for its tooltip and for screen readers. */
export function shardInWords(shard: ShardView, age: Age | undefined): string {
  if (shard.state !== 'listening')
    return `Shard ${shard.shard} ${shard.state === 'down' ? 'is down: its process has ended' : 'has closed its listener'}`
  const oldest =
    age === undefined || shard.length === 0
      ? ''
      : `, the oldest for ${age.atMost ? 'at most ' : ''}${duration(age.oldestMs)}`
  const wait = shard.acceptWait
  const waited =
    wait === undefined
      ? ''
      : ` Connections accepted within the last second had waited ${duration(wait.meanMs)} on average, 99 % of them at most ${duration(wait.p99Ms)}.`
  return `Shard ${shard.shard}: ${number(shard.length)} of ${number(shard.limit + 1)} waiting${oldest}; peak within 30 s ${number(shard.peak)}, full for ${duration(shard.fullSeconds * 1000)} of that. ${whole(shard.dropsPerSecond)} drops a second, ${number(shard.drops)} in all. ${whole(shard.acceptsPerSecond)} accepts a second, ${plural(shard.open, 'descriptor')} open.${waited}`
}
