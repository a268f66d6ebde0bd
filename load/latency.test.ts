import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatencyHistogram } from './latency.ts'

test('if nothing was recorded, everything is 0', () => {
  assert.deepEqual(new Set(Object.values(new LatencyHistogram().summary())), new Set([0]))
})

test('percentiles are right to three digits, and none lies above the maximum', () => {
  const histogram = new LatencyHistogram()
  for (let i = 1; i <= 10_000; i++) histogram.record(i / 10)
  const { count, min, mean, stdev, p50, p90, p99, p999, max } = histogram.summary()
  assert.equal(count, 10_000)
  for (const [seen, expected] of [
    [min, 0.1],
    [mean, 500.05],
    [stdev, 288.7],
    [p50, 500],
    [p90, 900],
    [p99, 990],
    [p999, 999],
    [max, 1000],
  ] as const)
    assert.ok(Math.abs(seen - expected) <= expected * 0.001 + 0.001, `${seen} for ${expected}`)
  assert.ok(p999 <= max)
})

test('a microsecond is told apart, what two clocks make negative is 0, and more than an hour is an hour', () => {
  const histogram = new LatencyHistogram()
  histogram.record(0.001)
  assert.equal(histogram.summary().max, 0.001)
  histogram.record(-0.5)
  assert.equal(histogram.summary().min, 0)
  histogram.record(7_200_000)
  assert.equal(histogram.summary().count, 3)
  assert.ok(Math.abs(histogram.summary().max - 3_600_000) < 3600)
})
