import assert from 'node:assert/strict'
import test from 'node:test'
import { Pacer } from './pacer.ts'

test('ticks stay on their grid however long the work takes', () => {
  const pacer = new Pacer(10, 100)
  assert.equal(pacer.waitMs(100), 0)
  pacer.begin(100)
  assert.equal(pacer.waitMs(103), 7)
  pacer.begin(113) // 3 ms after its time
  assert.equal(pacer.waitMs(115), 5)
  assert.equal(pacer.late, 0)
})

test('a tick more than half an interval late is counted', () => {
  const pacer = new Pacer(10, 0)
  pacer.begin(5)
  assert.equal(pacer.late, 0)
  pacer.begin(15.1)
  assert.equal(pacer.late, 1)
})

test('ticks that were slept through are left out, not made up for', () => {
  const pacer = new Pacer(10, 0)
  pacer.begin(0)
  pacer.begin(1_000_003)
  assert.equal(pacer.late, 1)
  assert.equal(pacer.waitMs(1_000_003), 7)
})
