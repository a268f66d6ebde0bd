import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monotonicMs } from '#common/clock.ts'
import { burstArrivals, constantArrivals } from './arrivals.ts'
import { followSchedule } from './schedule.ts'

const never = new AbortController().signal

test('every arrival starts, none before its time, each with the moment it was scheduled for', async () => {
  const offsets = [0, 0.2, 0.4, 5, 5, 20]
  const beganMs = monotonicMs()
  const starts: { scheduledMs: number; atMs: number }[] = []
  await followSchedule(offsets, (scheduledMs) => starts.push({ scheduledMs, atMs: monotonicMs() }), never)
  assert.equal(starts.length, 6)
  for (const [i, { scheduledMs, atMs }] of starts.entries()) {
    assert.ok(atMs >= scheduledMs)
    assert.ok(scheduledMs - beganMs >= offsets[i]!)
    assert.ok(Math.abs(scheduledMs - starts[0]!.scheduledMs - offsets[i]!) < 0.001)
  }
})

test('a loop that stood still skips nothing: what is due starts late and says for when it was meant', async () => {
  const scheduled: number[] = []
  let late = 0
  await followSchedule(
    constantArrivals(1000, 100),
    (scheduledMs) => {
      scheduled.push(scheduledMs)
      if (scheduled.length === 10) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      if (monotonicMs() - scheduledMs > 20) late++
    },
    never,
  )
  assert.equal(scheduled.length, 100)
  assert.ok(late >= 20, `only ${late} say that they were late`)
  assert.ok(Math.abs(scheduled[99]! - scheduled[0]! - 99) < 0.001)
})

test('during a burst the event loop gets its turns', async () => {
  let turns = 0
  let running = true
  const count = (): void => {
    turns++
    if (running) setImmediate(count)
  }
  setImmediate(count)
  await followSchedule(burstArrivals(1000), () => {}, never)
  running = false
  assert.ok(turns >= 10, `${turns} turns`)
})

test('an aborted schedule starts nothing more and leaves no timer behind', async () => {
  const stop = new AbortController()
  let starts = 0
  await followSchedule(
    constantArrivals(0.001),
    () => {
      starts++
      setImmediate(() => stop.abort())
    },
    stop.signal,
  )
  assert.equal(starts, 1)
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'))
})

test('what goes wrong in a start ends the schedule with that error', async () => {
  const failing = followSchedule(
    burstArrivals(2),
    () => {
      throw new RangeError('no')
    },
    never,
  )
  await assert.rejects(failing, RangeError)
})
