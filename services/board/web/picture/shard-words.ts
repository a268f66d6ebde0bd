import { duration, number, plural, whole } from '#common/quantities.ts'
import { type Ages, ageBeside, waitInSentence } from '#live/reading.ts'
import type { QueueView } from '#live/state.ts'
import { amount, roomOf } from './amounts.ts'

/** A lane in words, for its tooltip and for screen readers. */
export function shardInWords(shard: QueueView, ages: Ages): string {
  if (shard.state === 'unread') return `Shard ${shard.shard} is listening; its queue has not been read lately`
  if (shard.state !== 'listening')
    return `Shard ${shard.shard} ${shard.state === 'down' ? 'is down: its process has ended' : 'has closed its listener'}`
  const oldest =
    shard.length === 0 || shard.unit === 'bytes' ? '' : `, the oldest for ${waitInSentence(shard.oldestWait)}`
  const { least = 0, most = 0 } = shard.hungUp ?? {}
  const dead =
    least === 0
      ? ''
      : ` ${least < most ? 'At least ' : ''}${number(least)} of them ${least === 1 ? 'has' : 'have'} hung up and ${least === 1 ? 'keeps its place' : 'keep their places'} until accept().`
  const age = ageBeside(ages, 'listeners')
  const halfOpen =
    shard.halfOpen === undefined ? '' : ` ${plural(shard.halfOpen, 'half-open request')} of its own (exact, by BPF).`
  const backlog =
    shard.backlog > shard.limit ? ` Backlog ${number(shard.backlog)} asked, ${number(shard.limit)} in force.` : ''
  const wait = shard.acceptWait
  const waited =
    wait === undefined
      ? ''
      : ` Connections accepted within the last second had waited ${duration(wait.meanMs)} on average, 99 % of them at most ${duration(wait.p99Ms)}.`
  const { length, unit, drops, dropsPerSecond, acceptsPerSecond, open, fullSeconds } = shard
  const full = fullSeconds === undefined ? '' : `, full for ${duration(fullSeconds * 1000)} of that`
  const dropped =
    drops === undefined
      ? ' The kernel counts no drops here.'
      : dropsPerSecond === undefined
        ? ` ${number(drops)} drops in all.`
        : ` ${whole(dropsPerSecond)} drops a second, ${number(drops)} in all.`
  const accepted = acceptsPerSecond === undefined ? '' : ` ${whole(acceptsPerSecond)} accepts a second`
  const held = open === undefined ? '' : `${accepted === '' ? ' ' : ', '}${plural(open, 'descriptor')} open`
  const took = `${accepted}${held}${accepted === '' && held === '' ? '' : '.'}`
  return `Shard ${shard.shard}: ${amount(length, unit)} of ${amount(roomOf(shard), unit)} waiting${oldest}; peak within 30 s ${amount(shard.peak, unit)}${peakIs(shard)}${full}.${dead}${halfOpen}${backlog}${dropped}${took}${waited}${age === '' ? '' : ` Read ${age.replace(' old', ' ago')}.`}`
}

/** Whether a peak between two samples would be it, or would be missing. */
export const peakIs = ({ peakIsExact }: Pick<QueueView, 'peakIsExact'>): string =>
  peakIsExact === undefined ? '' : peakIsExact ? ' (exact)' : ' (sampled)'
