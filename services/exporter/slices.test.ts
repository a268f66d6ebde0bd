import assert from 'node:assert/strict'
import test from 'node:test'
import { type Outcome, SlicedWork, type SliceNeeds } from './slices.ts'

/** A clock that each step moves, and rests that the test ends. */
function world() {
  const seen = {
    nowMs: 0,
    rests: [] as { work: () => void; afterMs: number }[],
    outcome: undefined as Outcome<string> | undefined,
    steps: 0,
    closed: false,
  }
  const needs: SliceNeeds = {
    clock: () => seen.nowMs,
    cpuClock: () => seen.nowMs / 2, // half of the time it waits for a CPU
    later: (work, afterMs) => void seen.rests.push({ work, afterMs }),
  }
  function* steps(count: number, stepMs: number): Generator<void, string> {
    try {
      for (; seen.steps < count; seen.steps++) {
        seen.nowMs += stepMs
        yield
      }
      return 'done'
    } finally {
      seen.closed = true
    }
  }
  const start = (count: number, stepMs = 1): SlicedWork<string> =>
    new SlicedWork(
      steps(count, stepMs),
      0.25,
      (outcome) => {
        seen.outcome = outcome
      },
      needs,
    )
  return { seen, start }
}

test('short work is over at once', () => {
  const { seen, start } = world()
  assert.equal(start(3).over, true)
  assert.deepEqual(seen.outcome, { cpuMs: 1.5, result: 'done' })
})

test('long work is done in slices, with rests that leave it its share of a core', () => {
  const { seen, start } = world()
  const work = start(1000)
  assert.equal(work.over, false)
  const first = seen.steps
  let slices = 0
  for (let rest = seen.rests.shift(); rest !== undefined; rest = seen.rests.shift()) {
    const before = seen.steps
    rest.work()
    slices++
    assert.ok(seen.steps - before <= first, 'no slice is longer than the first')
    assert.equal(rest.afterMs, 15, 'three times as long as a slice')
  }
  assert.ok(slices > 50)
  assert.deepEqual(seen.outcome, { cpuMs: 500, result: 'done' })
})

test('a step that fails ends the work with the error', () => {
  let outcome: Outcome<void> | undefined
  const broken = new Error('broken')
  const steps = (function* (): Generator<void, void> {
    yield
    throw broken
  })()
  const needs = { clock: () => 0, cpuClock: () => 0, later: () => {} }
  const work = new SlicedWork(
    steps,
    0.25,
    (ended) => {
      outcome = ended
    },
    needs,
  )
  assert.ok(work.over && outcome !== undefined && 'error' in outcome && outcome.error === broken)
})

test('work that is given up lets go of what it has open, and tells nothing', () => {
  const { seen, start } = world()
  const work = start(1000)
  work.abandon()
  assert.equal(seen.closed, true)
  seen.rests.shift()?.work()
  assert.deepEqual([work.over, seen.outcome, seen.rests.length], [true, undefined, 0])
})
