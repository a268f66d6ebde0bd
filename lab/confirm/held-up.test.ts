import assert from 'node:assert/strict'
import test from 'node:test'
import { heldUpMs, scheduledOf, tooHeldUp } from './held-up.ts'
import type { LabRun } from './play-in-lab.ts'

test('what threads have waited for a CPU is added up, and what is no such line is none', () => {
  assert.deepEqual(scheduledOf('394174431 501000000 610\n233545 4500000 6\n'), { waitedMs: 505.5, turns: 616 })
  assert.deepEqual(scheduledOf(''), { waitedMs: 0, turns: 0 })
})

test('the wait each time is what was added in between; of other processes than before nothing is known', () => {
  assert.equal(heldUpMs({ waitedMs: 100, turns: 10 }, { waitedMs: 160, turns: 40 }), 2)
  assert.equal(heldUpMs({ waitedMs: 100, turns: 10 }, { waitedMs: 100, turns: 10 }), undefined)
  assert.equal(heldUpMs({ waitedMs: 100, turns: 10 }, { waitedMs: 20, turns: 40 }), undefined)
})

test('a server that is held up for longer than its shortest queue bears is no witness', () => {
  const run = (heldUpMs: number, ...limits: number[]): LabRun =>
    ({ heldUpMs, shards: limits.map((limit) => ({ limit })) }) as unknown as LabRun
  assert.match(
    tooHeldUp(run(4, 511, 0), 100) ?? '',
    /^this machine was too busy: .* waited 4 ms .* too long for a queue of 1 place at 100 connections a second$/,
  )
  assert.equal(tooHeldUp(run(4, 511), 100), undefined)
  assert.equal(tooHeldUp(run(0.05, 0), 100), undefined)
})
