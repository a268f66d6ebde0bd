import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { boundsMs, boundsSeconds } from './bounds.ts'
import { boundOf, bucketOf, countsUpTo } from './wait-buckets.ts'

test('every bound is one of the exact counts, so none is split', () => {
  for (const bound of boundsMs) assert.equal(boundOf(bucketOf(bound)), bound)
})

test('a quantile read from the buckets is wrong by at most a millisecond and a fifth of the true one', () => {
  const waits = fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(waits, fc.double({ min: 0.01, max: 1, noNaN: true }), (unsorted, q) => {
      const sorted = unsorted.toSorted((a, b) => a - b)
      const truth = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!
      const upTo = countsUpTo(
        { upToMs: sorted.map((ms) => boundOf(bucketOf(ms))), counts: sorted.map(() => 1) },
        boundsMs,
      )
      const read = quantile(q, upTo) * 1000
      assert.ok(Math.abs(read - truth) <= Math.max(1, truth / 5) + 1e-6, `${read} ms, and ${truth} ms is true`)
    }),
  )
})

test('twenty-nine seconds are not read as fifty-seven', () => {
  const upTo = countsUpTo({ upToMs: [29_000], counts: [100] }, boundsMs)
  assert.ok(quantile(0.99, upTo) <= 30)
})

/** histogram_quantile() of Prometheus: linear within the bucket that the rank falls into. */
function quantile(q: number, upTo: number[]): number {
  const rank = q * upTo.at(-1)!
  const at = upTo.findIndex((count) => count >= rank)
  const [from, before] = at === 0 ? [0, 0] : [boundsSeconds[at - 1]!, upTo[at - 1]!]
  return from + ((boundsSeconds[at]! - from) * (rank - before)) / (upTo[at]! - before)
}
