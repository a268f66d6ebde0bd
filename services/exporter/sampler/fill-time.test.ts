import assert from 'node:assert/strict'
import test from 'node:test'
import { FillTime, longestGapMs } from './fill-time.ts'

test('a sample stands for the time before it, at every share that it reaches', () => {
  const fill = new FillTime(30_000, 250)
  fill.observe(10, 10, 4, 9) // 4 of 10: below half
  fill.observe(20, 10, 5, 9) // half
  fill.observe(40, 20, 9, 9) // nine tenths
  fill.observe(45, 5, 10, 9) // full
  assert.deepEqual([fill.halfMs, fill.nineTenthsMs, fill.fullMs], [35, 25, 5])
})

test('a queue with limit 0 holds one connection and is full with it', () => {
  const fill = new FillTime(30_000, 250)
  fill.observe(10, 10, 0, 0)
  assert.equal(fill.fullMs, 0)
  fill.observe(20, 10, 1, 0)
  assert.equal(fill.fullMs, 10)
})

test('a queue above N + 1 is full too', () => {
  const fill = new FillTime(30_000, 250)
  fill.observe(10, 10, 12, 10)
  assert.equal(fill.fullMs, 10)
})

test('what samples have told of the same time is not counted twice', () => {
  const fill = new FillTime(30_000, 250)
  fill.observe(30, 30, 10, 9)
  fill.add(40, 50)
  assert.equal(fill.fullMs, 50)
  fill.add(60, 20)
  assert.equal(fill.fullMs, 70)
  fill.observe(100, 40, 10, 9)
  fill.add(110, 5)
  assert.equal(fill.fullMs, 110, 'never taken back')
  assert.equal(fill.fullMsInWindow(110), 110)
})

test('a gap counts for its longest allowed time and no more', () => {
  const fill = new FillTime(30_000, 250)
  fill.observe(3_600_000, 3_600_000, 10, 9)
  assert.equal(fill.fullMs, 250)
})

test('time at full leaves the window, while the total stays', () => {
  const fill = new FillTime(1000, 250)
  fill.observe(100, 100, 10, 9)
  assert.equal(fill.fullMsInWindow(200), 100)
  assert.equal(fill.fullMsInWindow(5000), 0)
  assert.equal(fill.fullMs, 100)
})

test('the longest gap is ten intervals, and a quarter of a second at least', () => {
  assert.equal(longestGapMs(1), 250)
  assert.equal(longestGapMs(1000), 10_000)
})
