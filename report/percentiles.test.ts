import assert from 'node:assert/strict'
import test from 'node:test'
import { percentile, percentileAxis, place, steps, stepsOfPercentiles, valuesToTell } from './percentiles.ts'

const counting = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

test('each further nine takes the same room', () => {
  for (const [share, at] of [
    [0, 0],
    [0.9, 1],
    [0.99, 2],
    [0.999, 3],
    [0.9999, 4],
  ] as const)
    assert.ok(Math.abs(place(share) - at) < 1e-9, String(share))
})

test('an axis ends at the first mark that its connections cannot tell, at most 99.99 %', () => {
  for (const [count, marks] of [
    [0, '0 50 90'],
    [1, '0 50 90'],
    [10, '0 50 90'],
    [50, '0 50 90 99'],
    [100, '0 50 90 99'],
    [101, '0 50 90 99 99.9'],
    [10_000, '0 50 90 99 99.9 99.99'],
    [5_000_000, '0 50 90 99 99.9 99.99'],
  ] as const)
    assert.equal(
      percentileAxis(count)
        .marks.map((mark) => Number((mark * 100).toFixed(2)))
        .join(' '),
      marks,
      `${count} connections`,
    )
  assert.equal(percentileAxis(50).told, 0.98)
  assert.equal(percentileAxis(5_000_000).told, 0.9999)
})

test('a percentile is a value that was seen, or nothing where so few cannot tell', () => {
  assert.equal(percentile(counting(10), 0.5), 5)
  assert.equal(percentile(counting(10), 0.9), 9)
  assert.ok(Number.isNaN(percentile(counting(50), 0.99)))
  assert.equal(percentile(counting(100), 0.99), 99)
  assert.equal(percentile(counting(10_000), 0.9999), 9999)
  assert.ok(Number.isNaN(percentile(counting(9999), 0.9999)))
  assert.equal(percentile(counting(100), 0.07), 7)
  assert.ok(Number.isNaN(percentile([], 0.5)))
  assert.deepEqual([0.5, 0.9, 0.99, 0.999, 0.9999].map(valuesToTell), [2, 10, 100, 1000, 10_000])
})

test('equal values are one step, and the steps cover everything', () => {
  assert.deepEqual(steps([1, 1, 1, 7]), [
    { from: 0, to: 0.75, v: 1 },
    { from: 0.75, to: 1, v: 7 },
  ])
  assert.deepEqual(steps([]), [])
})

test('of known percentiles each is the bound of those below it, up to where there is none', () => {
  assert.deepEqual(stepsOfPercentiles([0, 0.5, 0.9, 1], [1, 1, 7, 9]), [
    { from: 0, to: 0.5, v: 1 },
    { from: 0.5, to: 0.9, v: 7 },
    { from: 0.9, to: 1, v: 9 },
  ])
  assert.deepEqual(stepsOfPercentiles([0, 0.5, 0.9, 1], [3, 3, null, null]), [{ from: 0, to: 0.5, v: 3 }])
  assert.deepEqual(stepsOfPercentiles([0.5, 0.9, 1], [3, 3, 3]), [{ from: 0, to: 1, v: 3 }])
  assert.deepEqual(stepsOfPercentiles([], []), [])
})
