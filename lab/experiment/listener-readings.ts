/** What a recording says of the listening sockets of one shard. */
import type { ListenerReadings, Tally } from '#experiments/vocabulary/readings.ts'
import type { Boundary, Recording } from './recording.ts'
import type { Timeline } from './timeline.ts'

export function listenerOf(recording: Recording, timeline: Timeline, shard: number): ListenerReadings<string> {
  const { listeners } = recording
  const rows = listeners.shard.flatMap((candidate, row) => (candidate === shard ? [row] : []))
  const column = (name: 'atMs' | 'length' | 'limit'): number[] => rows.map((row) => listeners[name][row]!)
  const [atMs, lengths, limits] = [column('atMs'), column('length'), column('limit')]
  const length = timeline.series(atMs, lengths)
  return {
    length,
    limit: timeline.series(atMs, limits),
    drops: dropsOf(recording, timeline, shard),
    peak: length.max,
    fullMs: atMs.reduce(
      (sum, ms, row) => (row > 0 && lengths[row]! > limits[row]! ? sum + ms - atMs[row - 1]! : sum),
      0,
    ),
  }
}

/** Drops of whatever sockets listened as this shard: a socket that comes anew starts at 0. */
function dropsOf({ boundaries }: Recording, timeline: Timeline, shard: number): Tally<string> {
  const soFar = new Map<Boundary, number>()
  let sum = 0
  let last: { cookie: string; drops: number } | undefined
  for (const boundary of boundaries) {
    const listener = boundary.listeners.find((candidate) => candidate.shard === shard)
    if (listener !== undefined) {
      sum += listener.cookie === last?.cookie ? listener.drops - last.drops : listener.drops
      last = listener
    }
    soFar.set(boundary, sum)
  }
  return timeline.tally((boundary) => soFar.get(boundary) ?? Number.NaN)
}
