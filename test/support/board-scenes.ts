/** States that a board is looked at in: each a lab in one kind of trouble, as ten samples a second would show it. */
import type { LiveState, ShardView } from '#live/state.ts'
import { shardOf, stateOf } from '#live/testing/state.ts'

export type Scene = (index: number) => Partial<LiveState>

const wave = (index: number, mean: number, swing: number, period = 37): number =>
  Math.max(0, Math.round(mean + swing * Math.sin(index / period) + (swing / 3) * Math.sin(index / 7)))

const accepting = (shard: number, index: number): ShardView => {
  const rate = wave(index + shard * 50, 105, 12)
  return shardOf(shard, {
    acceptsPerSecond: rate,
    open: 2,
    length: wave(index + shard * 20, 1, 2),
    peak: 9,
    acceptWait: { meanMs: 2, p99Ms: 5 + wave(index + shard, 8, 6) },
    processes: [{ pid: shard, stalled: false, acceptsPerSecond: rate, open: 2, lagMs: 0 }],
  })
}

/** Stalled since sample 1100: its queue has filled to the rim within two seconds, and spills. */
const stalledSince = (shard: number, index: number, from = 1100): ShardView => {
  const stalledMs = (index - from) * 100
  if (stalledMs < 0) return accepting(shard, index)
  const length = Math.min(129, Math.round((stalledMs / 2000) * 129))
  return shardOf(shard, {
    stalled: true,
    acceptsPerSecond: 0,
    open: 0,
    length,
    peak: length,
    fullSeconds: Math.max(0, stalledMs / 1000 - 2),
    drops: Math.max(0, stalledMs - 2000) * 0.63,
    dropsPerSecond: length === 129 ? wave(index, 631, 40) : 0,
    acceptWait: undefined,
    oldestWait: { leastMs: Math.max(0, stalledMs - 10_000), mostMs: stalledMs },
    hungUp: { least: Math.round(length / 3), most: length },
    processes: [{ pid: shard, stalled: true, acceptsPerSecond: 0, open: 0, lagMs: stalledMs }],
  })
}

const many = (count: number, index: number, of: (shard: number) => ShardView): Partial<LiveState> => {
  const shards = Array.from({ length: count }, (_, position) => of(position + 1))
  const drops = shards.reduce((sum, { dropsPerSecond }) => sum + dropsPerSecond, 0)
  return {
    shards,
    clients: { ...stateOf().clients, startedPerSecond: wave(index, 105 * count, 20), synRetransmitsPerSecond: drops },
    moved: drops > 0 ? [{ name: 'ListenOverflows', perSecond: drops }] : [],
    portView: {
      ...stateOf().portView!,
      synQueue: { length: wave(index, 6, 6), peak: 20, limit: 128 * count },
      oldestWait: { leastMs: 0, mostMs: drops > 0 ? 91_000 : 24 },
      connections: 133,
      receiveBytes: 7900,
      receiveBytesMax: 60,
    },
  }
}

const stalledWords =
  'Shard 2 is full while its neighbours idle: one client in three waits a second and tries the same full queue again. The kernel chooses by the hash of the addresses and never looks at the queue. It has to accept again; a larger backlog would only delay this.'

export const scenes = {
  quiet: (index) => many(3, index, (shard) => accepting(shard, index)),
  filling: (index) => ({
    ...many(3, index, (shard) => {
      const length = wave(index + shard * 100, 62 + shard * 6, 20)
      return { ...accepting(shard, index), length, fill: length / 129, peak: 110, oldestWait: undefined }
    }),
    words:
      'Shards 1, 2 and 3 accept clients that have waited 1.1 s in their queues, believing they were connected. No counter of the kernel tells of that: only the accept wait does.',
  }),
  spilling: (index) => ({
    ...many(3, index, (shard) => ({
      ...stalledSince(shard, index),
      ...(shard === 3 ? { dropsPerSecond: 12_345 } : shard === 1 ? { dropsPerSecond: 4 } : {}),
      stalled: false,
      acceptsPerSecond: 20,
      processes: [{ pid: shard, stalled: false, acceptsPerSecond: 20, open: 9, lagMs: 0 }],
    })),
    words: 'Every queue is full: 1,893 SYNs a second are dropped, and their clients try again after a second.',
  }),
  stalled: (index) => ({
    ...many(3, index, (shard) => (shard === 2 ? stalledSince(2, index, 290) : accepting(shard, index))),
    words: stalledWords,
  }),
  'eight shards': (index) => ({
    ...many(8, index, (shard) => (shard % 3 === 2 ? stalledSince(shard, index) : accepting(shard, index))),
    words: stalledWords,
  }),
  'sixteen shards': (index) => ({
    ...many(16, index, (shard) => (shard % 5 === 2 ? stalledSince(shard, index) : accepting(shard, index))),
    words: stalledWords,
  }),
  'half open': (index) => ({
    ...many(2, index, (shard) => accepting(shard, index)),
    portView: { ...stateOf().portView!, synQueue: { length: 258, peak: 258, limit: 256 } },
    moved: [{ name: 'TCPReqQFullDrop', perSecond: 1234 }],
    words: 'The SYN queue is full, and without cookies the kernel drops 1,234 SYNs a second.',
  }),
  'shared socket': (index) => ({
    ...many(1, index, () => ({
      ...stalledSince(1, index),
      processes: [1, 2, 3, 4].map((pid) => ({ pid, stalled: true, acceptsPerSecond: 0, open: 3, lagMs: 215_000 })),
    })),
    mode: 'shared',
  }),
  'one shard': (index) => many(1, index, () => stalledSince(1, index)),
} satisfies Record<string, Scene>

export type SceneName = keyof typeof scenes
