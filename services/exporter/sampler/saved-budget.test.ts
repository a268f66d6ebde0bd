import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../../test/support/properties.ts'
import { SavedBudget } from './saved-budget.ts'

const SHARE = 0.01
const ASKED_MS = 4

/** Does work of these costs, one after the other, as often as it may; gives the time and what all of it cost. */
function spend(costsMs: readonly number[]): { elapsedMs: number; spentMs: number; intervalsMs: number[] } {
  let nowMs = 0
  let spentMs = 0
  const work = new SavedBudget(SHARE, 1000, () => nowMs).work(ASKED_MS)
  const intervalsMs = costsMs.map((costMs) => {
    work.observe(costMs)
    spentMs += costMs
    const intervalMs = work.intervalMs()
    nowMs += intervalMs
    return intervalMs
  })
  return { elapsedMs: nowMs, spentMs, intervalsMs }
}

test('a burst after a calm runs as often as asked, and what goes on for long is stretched', () => {
  const calm = Array.from({ length: 2000 }, () => 0.01)
  const burst = Array.from({ length: 100 }, () => 0.3)
  const { intervalsMs } = spend([...calm, ...burst, ...calm])
  assert.ok(intervalsMs.every((intervalMs) => intervalMs === ASKED_MS))
  const busy = spend(Array.from({ length: 5000 }, () => 0.3))
  assert.ok(busy.intervalsMs[0] === ASKED_MS && busy.intervalsMs.at(-1)! > ASKED_MS)
})

test('in the long run no work takes more than its share and what was saved', () => {
  const costs = fc.array(fc.double({ min: 0.01, max: 3, noNaN: true }), { minLength: 100, maxLength: 400 })
  const property = fc.property(costs, (costsMs) => {
    const { elapsedMs, spentMs } = spend(costsMs)
    const savedMs = SHARE * 5000
    // What the last intervals were too short for is made good by the next.
    assert.ok(spentMs <= elapsedMs * SHARE * 1.5 + 2 * savedMs, `${spentMs} ms within ${elapsedMs} ms`)
  })
  fc.assert(property, { numRuns: 200 })
})

test('it is plenty until half of what can be saved is used up', () => {
  let nowMs = 0
  const work = new SavedBudget(SHARE, 1000, () => nowMs).work(ASKED_MS)
  assert.ok(work.isPlenty)
  work.observe(SHARE * 5000 * 0.6)
  assert.ok(!work.isPlenty)
  assert.equal(work.intervalMs(), ASKED_MS)
  nowMs += 5000
  work.observe(0)
  assert.ok(work.isPlenty)
})
