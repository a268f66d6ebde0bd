import { UNKNOWN } from '#common/quantities.ts'
import { worstAge } from '#live/reading.ts'
import type { LabView } from '#live/view.ts'
import { wordsOf } from '#live/words.ts'

/** A view as one line of text, for output that is not a terminal. */
export function line(view: LabView): string {
  const shards = view.shards.map((shard) => {
    if (shard.state !== 'listening') return `shard ${shard.shard} ${shard.state}`
    const dead = shard.hungUp?.least ?? 0
    const marks = [
      shard.stalled ? 'stalled' : '',
      shard.fill >= 1 ? 'FULL' : '',
      dead > 0 ? `hung up ${dead}` : '',
    ].filter((mark) => mark !== '')
    return `shard ${shard.shard} ${shard.length} of ${shard.limit + 1} drops ${Math.round(shard.dropsPerSecond)}/s accepts ${shard.acceptsPerSecond === undefined ? UNKNOWN : `${Math.round(shard.acceptsPerSecond)}/s`}${marks.length > 0 ? ` ${marks.join(' ')}` : ''}`
  })
  const port = view.portView
  const members = view.shards.filter((shard) => shard.state === 'listening').length
  const age = worstAge(view.ages)
  const rest =
    port === undefined
      ? []
      : [
          `SYN ${port.synQueue === undefined ? '–' : `${port.synQueue.length} of ${port.synQueue.limit + members}`}`,
          `connections ${port.connections ?? '–'}`,
        ]
  const words = wordsOf(view)
  const old = age === undefined ? [] : [age]
  return [
    new Date(view.timeMs).toISOString(),
    ...shards,
    ...rest,
    ...old,
    ...(words === undefined ? [] : [words]),
  ].join(' | ')
}
