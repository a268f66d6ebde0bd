import assert from 'node:assert/strict'
import test from 'node:test'
import { bytes, count, duration, percent } from './format.ts'

test('numbers carry units and stay short', () => {
  assert.deepEqual([0, 0.4, 9.96, 12.4, 1234].map(count), ['0', '0.4', '10.0', '12', '1,234'])
  assert.deepEqual([0, 999, 1000, 63_400, 700_000, 2e9].map(bytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '63.4 kB',
    '700 kB',
    '2.0 GB',
  ])
  assert.deepEqual([4, 999, 1000, 61_000].map(duration), ['4 ms', '999 ms', '1.0 s', '1 min 1 s'])
  assert.equal(percent(129 / 129), '100 %')
})
