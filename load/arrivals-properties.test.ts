/** What holds for any arrivals that can be asked for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../test/support/properties.ts'
import { arrivalTimes } from './arrivals.ts'

/** At most some thousand arrivals. */
const ratePerSecond = fc.double({ min: 0.001, max: 5000, noNaN: true })
const durationMs = fc.integer({ min: 1, max: 1000 })
const seed = fc.integer()

const steady = fc.oneof(
  fc.record({ shape: fc.constant('constant' as const), ratePerSecond, durationMs }),
  fc.record({ shape: fc.constant('poisson' as const), ratePerSecond, durationMs, seed }),
)

test('arrivals never go back in time, and none comes at the end or after it', () => {
  const property = fc.property(steady, (arrivals) => {
    let before = 0
    for (const atMs of arrivalTimes(arrivals)) {
      assert.ok(atMs >= before && atMs < arrivals.durationMs, `${atMs} after ${before}`)
      before = atMs
    }
  })
  fc.assert(property)
})

test('constant arrivals are as many as fit, whatever the rate', () => {
  const property = fc.property(ratePerSecond, durationMs, (rate, duration) => {
    const times = [...arrivalTimes({ shape: 'constant', ratePerSecond: rate, durationMs: duration })]
    const fit = (rate * duration) / 1000
    assert.ok(times.length >= Math.floor(fit) && times.length <= Math.floor(fit) + 1, `${times.length} of ${fit}`)
  })
  fc.assert(property)
})

test('Poisson arrivals of one seed begin alike, however long they last', () => {
  const property = fc.property(ratePerSecond, durationMs, durationMs, seed, (rate, a, b, number) => {
    const take = (duration: number): number[] => [
      ...arrivalTimes({ shape: 'poisson', ratePerSecond: rate, durationMs: duration, seed: number }),
    ]
    const [short, long] = [take(Math.min(a, b)), take(Math.max(a, b))]
    assert.deepEqual(long.slice(0, short.length), short)
  })
  fc.assert(property)
})

test('a burst and a trace hold as many as were asked for, a trace in the order of time', () => {
  const atMs = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 })
  const property = fc.property(fc.integer({ min: 1, max: 5000 }), atMs, (connections, times) => {
    assert.equal([...arrivalTimes({ shape: 'burst', connections })].length, connections)
    const followed = [...arrivalTimes({ shape: 'trace', atMs: times })]
    assert.deepEqual(
      followed,
      times.toSorted((a, b) => a - b),
    )
  })
  fc.assert(property)
})
