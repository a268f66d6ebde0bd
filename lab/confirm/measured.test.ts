/** What a lab has shown is as good as it was read: a sampler that comes late does not make a queue shorter. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { unreadOf } from './measured.ts'

const shard = (number: number) => ({ number, limit: 100, peak: 0, skDrops: 0 })
const read = (of: number, ...moments: number[]) => moments.map((atMs) => ({ atMs, shard: of, length: 1 }))

test('what came behind the last reading of a stalled queue may be missing from its peak', () => {
  const stalls = [[{ fromMs: 400, toMs: 900 }], []]
  const lengths = [...read(1, 500, 880, 910), ...read(2, 500, 899.9)]
  assert.equal(unreadOf({ stalls, shards: [shard(1), shard(2)], lengths }, 250), 5)
})

test('processes of one socket are read where they wait, and a stall that never ends has no last moment', () => {
  const stalls = [[{ fromMs: 400, toMs: 900 }], [{ fromMs: 400, toMs: 904 }]]
  assert.equal(unreadOf({ stalls, shards: [shard(1)], lengths: read(1, 896, 950) }, 1000), 8)
  const endless = [[{ fromMs: 400, toMs: Number.POSITIVE_INFINITY }]]
  assert.equal(unreadOf({ stalls: endless, shards: [shard(1)], lengths: read(1, 500) }, 1000), 0)
})
