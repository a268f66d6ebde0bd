import { duration, number, plural, whole } from '#common/quantities.ts'
import { type Ages, ageBeside, waitInSentence } from '#live/reading.ts'
import type { ShardView } from '#live/state.ts'

/** A lane in words, for its tooltip and for screen readers. */
export function shardInWords(shard: ShardView, ages: Ages): string {
  if (shard.state === 'unread') return `Shard ${shard.shard} is listening; its queue has not been read lately`
  if (shard.state !== 'listening')
    return `Shard ${shard.shard} ${shard.state === 'down' ? 'is down: its process has ended' : 'has closed its listener'}`
  const oldest = shard.length === 0 ? '' : `, the oldest for ${waitInSentence(shard.oldestWait)}`
  const { least = 0, most = 0 } = shard.hungUp ?? {}
  const dead =
    least === 0
      ? ''
      : ` ${least < most ? 'At least ' : ''}${number(least)} of them ${least === 1 ? 'has' : 'have'} hung up and ${least === 1 ? 'keeps its place' : 'keep their places'} until accept().`
  const age = ageBeside(ages, 'listeners')
  const backlog =
    shard.backlog > shard.limit ? ` Backlog ${number(shard.backlog)} asked, ${number(shard.limit)} in force.` : ''
  const told = [
    ...(shard.acceptsPerSecond === undefined ? [] : [`${whole(shard.acceptsPerSecond)} accepts a second`]),
    ...(shard.open === undefined ? [] : [`${plural(shard.open, 'descriptor')} open`]),
  ].join(', ')
  const wait = shard.acceptWait
  const waited =
    wait === undefined
      ? ''
      : ` Connections accepted within the last second had waited ${duration(wait.meanMs)} on average, 99 % of them at most ${duration(wait.p99Ms)}.`
  return `Shard ${shard.shard}: ${number(shard.length)} of ${number(shard.limit + 1)} waiting${oldest}; peak within 30 s ${number(shard.peak)}, full for ${duration(shard.fullSeconds * 1000)} of that.${dead}${backlog} ${whole(shard.dropsPerSecond)} drops a second, ${number(shard.drops)} in all.${told === '' ? '' : ` ${told}.`}${waited}${age === '' ? '' : ` Read ${age.replace(' old', ' ago')}.`}`
}
