import assert from 'node:assert/strict'
import test from 'node:test'
import { PeakWindow, SumWindow } from './sliding-window.ts'

test('a peak is remembered for the whole window and a sixtieth more at most', () => {
  const peak = new PeakWindow(30_000)
  peak.raise(1000, 7)
  assert.equal(peak.max(1000), 7)
  assert.equal(peak.max(31_000), 7, 'after exactly the window')
  assert.equal(peak.max(31_500), 0, 'after one step more')
})

test('a lower value does not hide a higher one, and takes over when that has left', () => {
  const peak = new PeakWindow(6000)
  peak.raise(0, 9)
  peak.raise(3000, 4)
  assert.equal(peak.max(3000), 9)
  assert.equal(peak.max(6200), 4)
  assert.equal(peak.max(9200), 0)
})

test('a pause longer than the window leaves nothing behind', () => {
  const peak = new PeakWindow(1000)
  peak.raise(500, 3)
  assert.equal(peak.max(10_000_000), 0)
  peak.raise(10_000_000, 2)
  assert.equal(peak.max(10_000_001), 2)
})

test('reading a peak does not reset it', () => {
  const peak = new PeakWindow(1000)
  peak.raise(0, 5)
  assert.deepEqual([peak.max(0), peak.max(0), peak.max(500)], [5, 5, 5])
})

test('a sum holds what was added within the window', () => {
  const sum = new SumWindow(6000)
  sum.add(0, 10)
  sum.add(50, 10)
  sum.add(3000, 1)
  assert.equal(sum.sum(3000), 21)
  assert.equal(sum.sum(6200), 1)
  assert.equal(sum.sum(60_000), 0)
})
