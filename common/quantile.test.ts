import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, nearestRank, quantile, reaches } from './quantile.ts'

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

test('a quantile is the smallest value that the share does not exceed', () => {
  const values = [10, 20, 30, 40]
  assert.deepEqual(
    [0, 0.25, 0.26, 0.5, 0.75, 0.99, 1].map((share) => quantile(values, share)),
    [10, 10, 20, 20, 30, 40, 40],
  )
  assert.equal(quantile(Float64Array.of(3), 0.999), 3)
})

test('of 1 to n the quantile of every k/n is k, however the share was rounded', () => {
  assert.equal(quantile(upTo(100), 0.07), 7)
  for (const count of [1, 2, 3, 7, 10, 49, 100, 1000, 9999]) {
    const values = upTo(count)
    for (let k = 1; k <= count; k++) {
      for (const share of [k / count, (k / count) * (1 + Number.EPSILON), 1 - (count - k) / count])
        assert.equal(quantile(values, share), k, `${share} of ${count}`)
      // And what is truly more is more.
      if (k < count) assert.equal(quantile(values, k / count + 1e-9), k + 1, `above ${k} of ${count}`)
    }
  }
})

test('of no values there is no quantile', () => {
  assert.ok(Number.isNaN(quantile([], 0.5)))
  assert.ok(Number.isNaN(median([])))
})

test('a share above 1 has a rank beyond all values, so that whoever asks can tell', () => {
  assert.equal(nearestRank(1, 8), 8)
  assert.equal(nearestRank(1.01, 8), 9)
  assert.equal(nearestRank(-0.5, 8), 1)
})

test('a sum of parts reaches the share that it makes up', () => {
  let sum = 0
  for (let tenths = 1; tenths <= 10; tenths++) {
    sum += 0.1
    assert.ok(reaches(sum, tenths / 10), `${sum}`)
    assert.ok(!reaches(sum, tenths / 10 + 1e-9), `${sum}`)
  }
})

test('a median takes values in any order and leaves them as they are', () => {
  const values = [9, 1, 5, 3]
  assert.equal(median(values), 3)
  assert.equal(median([9, 1, 5]), 5)
  assert.deepEqual(values, [9, 1, 5, 3])
})
