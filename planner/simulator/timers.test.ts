import assert from 'node:assert/strict'
import test from 'node:test'
import { requestTimeoutMs, synAckRetries, synTimeoutMs, TimerWheel } from './timers.ts'

test('a timer never fires early, and late by a step of its grid at most: 32 ms for a second, 256 ms for four, at 250 Hz', () => {
  const wheel = new TimerWheel(250, 0.37)
  for (const [delayMs, stepMs] of [
    [200, 8],
    [1000, 32],
    [2000, 32],
    [4000, 256],
    [8000, 256],
    [32_000, 2048],
  ] as const)
    for (let nowMs = 0; nowMs < 3000; nowMs += 7.3) {
      const lateMs = wheel.firesAt(nowMs, delayMs) - nowMs - delayMs
      assert.ok(lateMs >= -4 && lateMs <= stepMs + 8, `${delayMs} ms set at ${nowMs}: ${lateMs} ms late`)
    }
})

test('SYNs wait 1, 1, 1, 1, 1, 2, 4, 8, 16, 32 s and then no more; without linear timeouts 1, 2, 4, 8, 16, 32', () => {
  const waits = (linear: number) =>
    Array.from({ length: 11 }, (_, i) => synTimeoutMs(i + 1, 6, linear)).filter((ms) => ms !== undefined)
  assert.deepEqual(waits(4), [1000, 1000, 1000, 1000, 1000, 2000, 4000, 8000, 16_000, 32_000])
  assert.deepEqual(waits(0), [1000, 2000, 4000, 8000, 16_000, 32_000])
})

test('an unanswered request is sent again as seen: after some 0.2, 0.4, 0.8, 1.6, 3.2 s', () => {
  let atMs = 0
  const moments = [1, 2, 3, 4, 5].map((retry) => (atMs += requestTimeoutMs(retry, 0)))
  assert.deepEqual(moments, [200, 400, 800, 1600, 3200])
})

test('requests are hurried only in a queue more than half full, and only while few of them are young', () => {
  assert.equal(synAckRetries(5, 255, 0, 511), 5)
  assert.equal(synAckRetries(5, 300, 0, 511), 2)
  assert.equal(synAckRetries(5, 300, 300, 511), 5)
  assert.equal(synAckRetries(5, 300, 100, 511), 4)
})
