import type { LabView } from '#live/view.ts'
import { wordsOf } from '#live/words.ts'

/** A view as one line of text, for output that is not a terminal. */
export function line(view: LabView): string {
  const shards = view.shards.map((shard) => {
    if (shard.state !== 'listening') return `shard ${shard.shard} ${shard.state}`
    const marks = [shard.stalled ? 'stalled' : '', shard.fill >= 1 ? 'FULL' : ''].filter((mark) => mark !== '')
    return `shard ${shard.shard} ${shard.length}/${shard.limit} drops ${Math.round(shard.dropsPerSecond)}/s accepts ${Math.round(shard.acceptsPerSecond)}/s${marks.length > 0 ? ` ${marks.join(' ')}` : ''}`
  })
  const port = view.portView
  const rest =
    port === undefined
      ? []
      : [
          `SYN ${port.synQueue === undefined ? '–' : `${port.synQueue.length}/${port.synQueue.limit}`}`,
          `connections ${port.connections ?? '–'}`,
        ]
  const words = wordsOf(view)
  return [new Date(view.timeMs).toISOString(), ...shards, ...rest, ...(words === undefined ? [] : [words])].join(' | ')
}
