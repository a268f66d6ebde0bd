import assert from 'node:assert/strict'
import test from 'node:test'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { Ages, staleness } from './ages.ts'

test('water is as old as the one in front may be, and as young as the last one that came', () => {
  const ages = new Ages()
  const see = (monotonicMs: number, length: number, mostMs: number | undefined, leastMs = 0) =>
    ages
      .see(
        stateOf({
          monotonicMs,
          shards: [shardOf(1, { length, acceptsPerSecond: 0, stalled: true, oldestWait: { leastMs, mostMs } })],
        }),
      )
      .get(1)
  assert.deepEqual(see(1000, 0, 0), { oldestMs: 0, newestMs: 0 })
  assert.deepEqual(see(1100, 4, 100), { oldestMs: 100, newestMs: 0 })
  assert.deepEqual(see(3000, 4, 2000), { oldestMs: 2000, newestMs: 1900 })
  assert.equal(see(3100, 4, undefined, 2050)?.oldestMs, 2050)
})

test('an age looks staler the longer it waits, and no staler than stale', () => {
  assert.deepEqual([0, 20, 10_000, 1e9].map(staleness), [0, 0, 1, 1])
  assert.ok(staleness(100) < staleness(1000))
})
