import assert from 'node:assert/strict'
import test from 'node:test'
import { distributionOf } from './statistics.ts'

test('quantiles are values that occurred: the one that the share does not exceed', () => {
  const values = distributionOf([40, 10, 30, 20])
  assert.deepEqual(
    [0, 0.25, 0.26, 0.5, 0.75, 0.99, 1].map((q) => values.quantile(q)),
    [10, 10, 20, 20, 30, 40, 40],
  )
  assert.equal(distributionOf(Array.from({ length: 100 }, (_, at) => at + 1)).quantile(0.07), 7)
  assert.deepEqual([values.min, values.max, values.mean, values.count], [10, 40, 25, 4])
  assert.equal(values.stdev, Math.sqrt(125))
})

test('shares leave their bounds out', () => {
  const values = distributionOf([1, 2, 3, 4])
  assert.equal(values.share({ above: 2 }), 0.5)
  assert.equal(values.share({ below: 2 }), 0.25)
  assert.equal(values.number({ above: 1, below: 4 }), 2)
})

test('of no values nothing can be told', () => {
  const none = distributionOf([])
  for (const seen of [none.min, none.max, none.mean, none.quantile(0.5), none.share({ above: 0 })])
    assert.ok(Number.isNaN(seen))
  assert.equal(none.count, 0)
})
