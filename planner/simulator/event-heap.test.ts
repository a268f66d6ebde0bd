import assert from 'node:assert/strict'
import test from 'node:test'
import { seededRandom } from '#load/random.ts'
import { EventHeap } from './event-heap.ts'

test('events come out by time, and by the order of their adding where times are equal', () => {
  const random = seededRandom(3)
  const heap = new EventHeap(4)
  const expected: { timeMs: number; event: number }[] = []
  for (let event = 0; event < 5000; event++) {
    const timeMs = Math.floor(random() * 200)
    heap.push(timeMs, event)
    expected.push({ timeMs, event })
  }
  expected.sort((a, b) => a.timeMs - b.timeMs || a.event - b.event)
  for (const { timeMs, event } of expected) {
    assert.equal(heap.nextMs, timeMs)
    assert.equal(heap.pop(), event)
  }
  assert.equal(heap.nextMs, Number.POSITIVE_INFINITY)
})
