import assert from 'node:assert/strict'
import test from 'node:test'
import type { Outcome } from '#planner/outcome.ts'
import { areAlike } from './confirm.ts'

const outcome = (estimates: Outcome['estimates']): Outcome => ({ method: 'simulation', basis: 'a test', estimates })

test('two predictions are alike where each lies within what chance leaves to the other', () => {
  const peak = outcome({ queuePeak: { value: 141, low: 130, high: 152 }, drops: { value: 0, low: 0, high: 0 } })
  assert.ok(areAlike(peak, outcome({ queuePeak: { value: 143, low: 131, high: 155 } })))
  assert.ok(!areAlike(peak, outcome({ queuePeak: { value: 160, low: 140, high: 180 } })), 'beyond the one')
  assert.ok(!areAlike(peak, outcome({ queuePeak: { value: 151, low: 150, high: 152 } })), 'beyond the other')
  const drops = outcome({ queuePeak: { value: 141, low: 130, high: 152 }, drops: { value: 3, low: 0, high: 6 } })
  assert.ok(!areAlike(peak, drops))
})
