import assert from 'node:assert/strict'
import test from 'node:test'
import { lineRows, othersBehind } from './line.ts'

const sample = (length: number, shown: number) => ({
  monotonicMs: 0,
  length,
  limit: 128,
  first: Array.from({ length: shown }, (_, index) => ({
    address: '198.18.0.3',
    port: 40_000 + index,
    waitMs: 0.5,
    unreadBytes: 0,
    client: 'connected' as const,
  })),
})

test('places count from 1, and what has nothing to say is empty', () => {
  assert.deepEqual(lineRows(sample(1, 1)), [
    { place: '1', client: '198.18.0.3:40000', wait: '500 µs', unread: '', gone: '' },
  ])
})

test('those behind whom is told are counted', () => {
  assert.equal(othersBehind(sample(64, 64)), '')
  assert.equal(othersBehind(sample(1070, 64)), 'and 1,006 more behind them')
  assert.equal(othersBehind(sample(2, 1)), 'and 1 more behind it')
  // One has joined between the length and the walk: nobody is behind whom is not told.
  assert.equal(othersBehind(sample(2, 3)), '')
})
