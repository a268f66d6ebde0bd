import assert from 'node:assert/strict'
import test from 'node:test'
import { LookBudget } from './looks.ts'

test('whoever asks again and again gets what the share pays for, after a burst', () => {
  let nowMs = 0
  let spentSeconds = 0
  const budget = new LookBudget(
    0.02,
    () => spentSeconds,
    () => nowMs,
  )
  const looksIn = (seconds: number): number => {
    let looks = 0
    for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += 10)
      if (budget.allows) {
        looks++
        spentSeconds += 0.005
      }
    return looks
  }
  assert.ok(looksIn(1) === 100, 'all of the first second')
  looksIn(10)
  const steady = looksIn(100)
  assert.ok(Math.abs(steady - (100 * 0.02) / 0.005) <= 1, `${steady} in 100 s`)
  nowMs += 1_000_000
  assert.equal(looksIn(1), 100, 'a quiet time pays for a burst again')
})

test('a new sampler, whose cost begins at 0, gets no credit and no debt', () => {
  let spentSeconds = 500
  const budget = new LookBudget(
    0.02,
    () => spentSeconds,
    () => 0,
  )
  assert.equal(budget.allows, true)
  spentSeconds = 0.5
  assert.equal(budget.allows, true)
  spentSeconds = 1.2
  assert.equal(budget.allows, false)
})
