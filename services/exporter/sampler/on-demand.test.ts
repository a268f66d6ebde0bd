import assert from 'node:assert/strict'
import test from 'node:test'
import { defaultPace } from './pace.ts'
import { Sampler } from './sampler.ts'

test('counters are read for a snapshot, not for the schedule, and not twice within the interval that was asked for', () => {
  let nowMs = 0
  const orders = { pace: defaultPace, namespaces: [{ kind: 'self' } as const], proc: '/proc', again: false }
  const sampler = new Sampler(
    { ...orders, firstSequence: 1, discoveries: new MessageChannel().port2 },
    () => nowMs,
    () => 0,
    () => {},
  )
  try {
    sampler.start()
    const read = (): number => sampler.snapshot({ cpuSeconds: 0, late: 0, answers: 0 }).sampler.dumps.counters.count
    const first = read()
    for (const endMs = nowMs + 5000; nowMs < endMs; nowMs += 10) sampler.tick(nowMs)
    assert.equal(read(), first, 'nobody asked for them')
    sampler.readCounters()
    sampler.readCounters()
    assert.equal(read(), first + 1)
    nowMs += defaultPace.streamIntervalMs
    sampler.readCounters()
    assert.equal(read(), first + 2)
    assert.equal(sampler.snapshot({ cpuSeconds: 0, late: 0, answers: 0 }).namespaces[0]?.costs.counters.readMs, nowMs)
  } finally {
    sampler.close()
  }
})
