import assert from 'node:assert/strict'
import test from 'node:test'
import { PortMemory } from './memory.ts'

test('the last delays of a loop are remembered, and those that are worth nothing are not', () => {
  const memory = new PortMemory()
  assert.deepEqual(memory.lateness(), [])
  memory.late(1000, 9)
  memory.late(1100, 10)
  memory.late(1200, 250)
  assert.deepEqual(memory.lateness(), [
    { atMs: 1100, lateMs: 10 },
    { atMs: 1200, lateMs: 250 },
  ])
  for (let at = 0; at < 40; at++) memory.late(2000 + at, 20)
  const moments = memory.lateness().map(({ atMs }) => atMs)
  assert.equal(moments.length, 32)
  assert.equal(Math.min(...moments), 2008)
})
