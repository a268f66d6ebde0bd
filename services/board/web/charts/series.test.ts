import assert from 'node:assert/strict'
import test from 'node:test'
import { stateOf } from '#live/testing/state.ts'
import { History, KEPT_MS } from './series.ts'

test('the history keeps five minutes, and what a server kept fills the gap of a lost stream', () => {
  const history = new History()
  for (let timeMs = 0; timeMs <= KEPT_MS + 60_000; timeMs += 100)
    history.add(stateOf({ timeMs: timeMs + 1, sequence: timeMs }))
  const first = history.points[0]?.timeMs ?? 0
  assert.ok(first <= 60_001 && first > 40_000, `${first}`)
  const page = new History()
  page.add(stateOf({ timeMs: KEPT_MS + 70_000, sequence: 9 }))
  page.restore(history)
  assert.equal(page.points.length, history.points.length + 1)
  assert.deepEqual(page.points.at(-1)?.sequence, 9)
})
