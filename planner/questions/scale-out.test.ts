/** When more must be asked for, and who is trapped: arithmetic, held against adding it up step by step. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { questions } from '../ask.ts'
import type { Situation } from '../situation.ts'
import { situationWith } from '../testing/situation.ts'
import type { ScaleOutPlan } from './scale-out.ts'

const growing = (from: number, scaleOut: ScaleOutPlan, backlog = 511): Situation =>
  situationWith({
    arrivals: { shape: 'poisson', ratePerSecond: from },
    forMs: 1000,
    backlog,
    accept: { ms: 1, cv: 0, handleMs: 0, perTurn: 1 },
    scaleOut,
  })
const asked = (situation: Situation) => {
  const { answer, data } = questions['scale-out'](situation)
  return { text: answer.join(' '), data }
}
const usual: ScaleOutPlan = { toPerSecond: 1500, withinMs: 700_000, delayMs: 90_000, more: 1 }

test('the load grows by so much until a new backend accepts: so much below the capacity it must be asked for', () => {
  const { text, data } = asked(growing(800, usual))
  assert.match(text, /^At 910\/s, 91 % of what is there now: 1 backend carries 1,000\/s/)
  assert.ok(Math.abs((data.thresholdPerSecond as number) - 910) < 1e-6)
  assert.match(text, /traps 512 connections in the old queues, and turns 3,538 away.*the last of them waits 512 ms/)
})

test('a growth that is faster than the new backend is told to be too late, and one that ends below the capacity to need none', () => {
  assert.match(asked(growing(800, { ...usual, withinMs: 100_000 })).text, /^At once, and that is too late/)
  assert.match(asked(growing(300, { ...usual, toPerSecond: 900 })).text, /^Not at all/)
  assert.match(
    asked(growing(800, { ...usual, toPerSecond: 2500 })).text,
    /2 backends do not carry 2,500\/s either: that takes 4/,
  )
})

test('what is trapped and turned away is what adding it up step by step gives', () => {
  const plans = fc.record({
    from: fc.integer({ min: 100, max: 1400 }),
    by: fc.integer({ min: 50, max: 2000 }),
    withinMs: fc.integer({ min: 10_000, max: 600_000 }),
    delayMs: fc.integer({ min: 0, max: 300_000 }),
  })
  fc.assert(
    fc.property(plans, ({ from, by, withinMs, delayMs }) => {
      const toPerSecond = from + by
      if (toPerSecond <= 1000) return
      const { data, text } = asked(growing(from, { toPerSecond, withinMs, delayMs, more: 1 }))
      assert.doesNotMatch(text, /NaN|undefined|Infinity/)
      const growth = by / withinMs
      for (const { threshold, beyond } of data.rows as { threshold: number; beyond: number }[]) {
        const readyAtMs = Math.max(0, (threshold * 1000 - from) / growth) + delayMs
        let sum = 0
        const step = readyAtMs / 20_000
        for (let i = 0; i < 20_000; i++)
          sum += (Math.max(0, Math.min(toPerSecond, from + growth * (i + 0.5) * step) - 1000) * step) / 1000
        assert.ok(Math.abs(sum - beyond) <= 1 + 0.001 * beyond, `${sum} ${beyond}`)
      }
    }),
    { numRuns: 40 },
  )
})
