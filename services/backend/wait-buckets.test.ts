import assert from 'node:assert/strict'
import test from 'node:test'
import { boundOf, bucketOf, countsUpTo, mergeWaits, WAIT_BUCKETS } from './wait-buckets.ts'

test('up to five seconds each millisecond has its own bucket', () => {
  for (const waitMs of [0, 1, 4, 999, 5000]) assert.equal(boundOf(bucketOf(waitMs)), waitMs)
})

test('every wait lies within its bucket and beyond the one before, which is at most 2 % narrower', () => {
  for (const waitMs of [5001, 5100, 5101, 49_999, 50_000, 50_001, 51_000, 499_999, 500_001, 3_600_000, 2 ** 32 - 1]) {
    const bucket = bucketOf(waitMs)
    assert.ok(bucket < WAIT_BUCKETS)
    assert.ok(waitMs <= boundOf(bucket), `${waitMs} is above ${boundOf(bucket)}`)
    assert.ok(waitMs > boundOf(bucket - 1), `${waitMs} is not above ${boundOf(bucket - 1)}`)
    assert.ok(boundOf(bucket) - boundOf(bucket - 1) <= 0.02 * waitMs)
  }
})

test('bounds rise from the first bucket to the last', () => {
  for (let bucket = 1; bucket < WAIT_BUCKETS; bucket++) assert.ok(boundOf(bucket) > boundOf(bucket - 1), `${bucket}`)
})

test('merged distributions add their counts bucket by bucket', () => {
  const merged = mergeWaits([
    { upToMs: [0, 40], counts: [3, 1], count: 4, sumMs: 40, maxMs: 40 },
    { upToMs: [4, 40], counts: [2, 2], count: 4, sumMs: 88, maxMs: 39 },
  ])
  assert.deepEqual(merged, { upToMs: [0, 4, 40], counts: [3, 2, 3], count: 8, sumMs: 128, maxMs: 40 })
  assert.deepEqual(countsUpTo(merged, [1, 5, 40]), [3, 5, 8])
})
