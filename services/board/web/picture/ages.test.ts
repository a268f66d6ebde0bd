import assert from 'node:assert/strict'
import test from 'node:test'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { Ages, staleness } from './ages.ts'

test('the age of a queue is exact where it can be told, else at most the time since it was seen empty', () => {
  const ages = new Ages()
  const see = (monotonicMs: number, ...lengths: number[]) =>
    ages.see(
      stateOf({
        monotonicMs,
        shards: lengths.map((length, index) =>
          shardOf(index + 1, {
            length,
            acceptsPerSecond: 0,
            stalled: true,
            oldestWaitMs: length === 0 ? 0 : undefined,
          }),
        ),
        portView: { ...stateOf().portView!, oldestWaitMs: 5000 },
      }),
    )
  see(1000, 0, 0)
  see(1100, 4, 0)
  const later = see(3000, 4, 2)
  assert.deepEqual(later.get(1), { oldestMs: 2000, atMost: true, newestMs: 1900 })
  assert.equal(later.get(2)?.newestMs, 0)
  const alone = ages.see(stateOf({ monotonicMs: 3100, shards: [shardOf(1, { length: 4, oldestWaitMs: 1234 })] }))
  assert.deepEqual([alone.get(1)?.oldestMs, alone.get(1)?.atMost], [1234, false])
})

test('an age looks staler the longer it waits, and no staler than stale', () => {
  assert.deepEqual([0, 20, 10_000, 1e9].map(staleness), [0, 0, 1, 1])
  assert.ok(staleness(100) < staleness(1000))
})
