import assert from 'node:assert/strict'
import test from 'node:test'
import { aroundPeak, poissonSteps } from './poisson-steps.ts'

/** A day in steps of a quarter of an hour: 200 a second at night, 2000 in the evening. */
const day = Array.from({ length: 96 }, (_, step) => 1100 - 900 * Math.cos((2 * Math.PI * (step - 10)) / 96))
const STEP_MS = 900_000

test('of a day that is too long to play the stretch around its peak is left', () => {
  const { from, to } = aroundPeak(day, STEP_MS, 10_000_000)
  const peak = day.indexOf(Math.max(...day))
  assert.ok(from <= peak && peak < to)
  const brought = day.slice(from, to).reduce((sum, rate) => sum + (rate * STEP_MS) / 1000, 0)
  assert.ok(brought <= 10_000_000 && brought > 8_000_000)
  const lowest = Math.min(...day.slice(from, to))
  for (const rate of [...day.slice(0, from), ...day.slice(to)])
    assert.ok(rate <= lowest + 1e-9, 'what is left out is lower')
})

test('what can be played is played whole, and a step that holds too much gives nothing', () => {
  assert.deepEqual(aroundPeak([1, 5, 2], 1000, 100), { from: 0, to: 3 })
  assert.deepEqual(aroundPeak([1, 500, 2], 1000, 100), { from: 1, to: 1 })
})

test('arrivals follow the rates, step by step', () => {
  const arrivals = poissonSteps([0, 1000, 0, 100], 10_000, 7)
  const within = (step: number): number => arrivals.filter((at) => Math.floor(at / 10_000) === step).length
  assert.deepEqual([within(0), within(2)], [0, 0])
  assert.ok(Math.abs(within(1) - 10_000) < 500 && Math.abs(within(3) - 1000) < 160)
})
