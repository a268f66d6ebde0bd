import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivalTimes, poissonArrivals } from './arrivals.ts'
import { seededRandom } from './random.ts'

test('constant arrivals keep their distance and end before the duration is over', () => {
  const times = [...arrivalTimes({ shape: 'constant', ratePerSecond: 400, durationMs: 1000 })]
  assert.equal(times.length, 400)
  assert.equal(times[0], 0)
  assert.equal(times[399], 997.5)
})

test('rounding errors of constant arrivals do not pile up', () => {
  const times = [...arrivalTimes({ shape: 'constant', ratePerSecond: 3000, durationMs: 600_000 })]
  assert.equal(times.length, 1_800_000)
  assert.equal(times[1_500_000], 500_000)
})

test('constant arrivals without a duration never end', () => {
  const times = arrivalTimes({ shape: 'constant', ratePerSecond: 1000 })[Symbol.iterator]()
  for (let i = 0; i < 100_000; i++) times.next()
  assert.deepEqual(times.next(), { done: false, value: 100_000 })
})

test('Poisson arrivals have exponential gaps: mean 1 / rate, variance the square of it, counts as spread as they are many', () => {
  const ratePerSecond = 200
  const times = [...arrivalTimes({ shape: 'poisson', ratePerSecond, durationMs: 500_000, seed: 7 })]
  const gaps = times.map((time, i) => time - (times[i - 1] ?? 0))
  const mean = average(gaps)
  const variance = average(gaps.map((gap) => (gap - mean) ** 2))
  close(mean, 5, 0.02)
  close(variance, 25, 0.04)

  const perSecond = Array<number>(500).fill(0)
  for (const time of times) perSecond[Math.floor(time / 1000)]!++
  const count = average(perSecond)
  close(count, 200, 0.02)
  close(average(perSecond.map((n) => (n - count) ** 2)) / count, 1, 0.25)
})

test('the same seed gives the same Poisson arrivals, another seed gives others', () => {
  const take = (seed: number): number[] => [...poissonArrivals(100, 1000, seededRandom(seed))]
  assert.deepEqual(take(3), take(3))
  assert.notDeepEqual(take(3), take(4))
})

test('seeded numbers lie in [0, 1) and fill it evenly', () => {
  const random = seededRandom(42)
  const tenths = Array<number>(10).fill(0)
  for (let i = 0; i < 100_000; i++) {
    const value = random()
    assert.ok(value >= 0 && value < 1)
    tenths[Math.floor(value * 10)]!++
  }
  for (const count of tenths) close(count, 10_000, 0.05)
})

test('a burst is all at once', () => {
  assert.deepEqual([...arrivalTimes({ shape: 'burst', connections: 3 })], [0, 0, 0])
})

test('a trace is followed in the order of time, and is itself left as it was', () => {
  const atMs = [30, 10.5, 20]
  assert.deepEqual([...arrivalTimes({ shape: 'trace', atMs })], [10.5, 20, 30])
  assert.deepEqual(atMs, [30, 10.5, 20])
})

const average = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const close = (seen: number, expected: number, share: number): void =>
  assert.ok(Math.abs(seen - expected) <= expected * share, `${seen} is not within ${share * 100} % of ${expected}`)
