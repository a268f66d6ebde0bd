import assert from 'node:assert/strict'
import test from 'node:test'
import { costOf } from './own-server.ts'

test('what a connection costs is the time in which a full queue is emptied, for each of them and each process', () => {
  const samples = [0, 2, 4, 6, 8, 10].map((atMs, i) => ({ atMs, length: [50, 100, 100, 60, 0, 0][i]! }))
  assert.equal(costOf(samples, 1), 0.04, 'from 4 ms, when it was last full, to 8 ms')
  assert.equal(costOf(samples, 2), 0.08)
})

test('a queue that nobody waited in, or that was never seen empty, says nothing', () => {
  assert.equal(costOf([{ atMs: 0, length: 0 }], 1), undefined)
  assert.equal(costOf([{ atMs: 0, length: 5 }], 1), undefined)
  assert.equal(costOf([], 1), undefined)
})
