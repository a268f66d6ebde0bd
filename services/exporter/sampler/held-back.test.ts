import assert from 'node:assert/strict'
import test from 'node:test'
import { defaultPace, type SamplingPace } from './pace.ts'
import { Sampler } from './sampler.ts'

/** Ticks for `ms` of a clock of its own, on which every look at the CPU time costs `lookMs` of it; gives the readings and the ticks. */
function sampled(
  pace: SamplingPace,
  ms: number,
  lookMs: number,
): { readings: number; ticks: number; longestMs: number } {
  let nowMs = 0
  let cpuMs = 0
  const clock = (): number => nowMs
  const cpuClock = (): number => (cpuMs += lookMs)
  const orders = { pace, namespaces: [{ kind: 'self' } as const], proc: '/proc', again: false }
  const sampler = new Sampler(
    { ...orders, firstSequence: 1, discoveries: new MessageChannel().port2 },
    clock,
    cpuClock,
    () => {},
  )
  try {
    sampler.start()
    const count = (): number => sampler.snapshot({ cpuSeconds: 0, late: 0, answers: 0 }).sampler.dumps.listeners.count
    const before = count()
    let ticks = 0
    let longestMs = 0
    for (const endMs = nowMs + ms; nowMs < endMs; ticks++) {
      const waitMs = sampler.tick(nowMs)
      longestMs = Math.max(longestMs, waitMs)
      nowMs += waitMs
    }
    return { readings: count() - before, ticks, longestMs }
  } finally {
    sampler.close()
  }
}

const pace = { ...defaultPace, sampleIntervalMs: 4, quietIntervalMs: 4, listenersShare: 0.02 }

test('where a budget holds the listeners back the thread sleeps until the next reading, since waking up costs as much', () => {
  const { readings, ticks, longestMs } = sampled(pace, 10_000, 1)
  // A reading costs 1 ms, so that two hundredths of a core allow one every 50 ms, and what five seconds have saved 100 more.
  assert.ok(readings > 250 && readings < 360, `${readings} readings`)
  assert.ok(ticks < 2 * readings, `${ticks} ticks for ${readings} readings`)
  assert.ok(longestMs <= 50, `${longestMs} ms`)
})

test('cheap listeners are read at every tick', () => {
  const { readings, ticks } = sampled(pace, 10_000, 0.01)
  assert.equal(ticks, 2500)
  assert.ok(readings >= 2499, `${readings}`)
})

test('without a budget of their own listeners are read at every tick, whatever that costs', () => {
  const { readings } = sampled({ ...defaultPace, quietIntervalMs: 10 }, 10_000, 1)
  assert.ok(readings >= 999, `${readings}`)
})
