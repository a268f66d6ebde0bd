import assert from 'node:assert/strict'
import test from 'node:test'
import { stateOf } from '#live/testing/state.ts'
import { History, type Point } from './series.ts'
import { TimeShown } from './time-shown.ts'

/** Ten points a second, from second 0 to `seconds`. */
function pointsUntil(seconds: number): Point[] {
  const history = new History()
  for (let index = 0; index <= seconds * 10; index++) history.add(stateOf({ timeMs: index * 100, sequence: index }))
  return history.points
}

test('it goes along with the samples, as much of them as was asked for', () => {
  const time = new TimeShown()
  assert.deepEqual(time.range(100_000), { min: 40, max: 100 })
  assert.deepEqual(time.range(101_000), { min: 41, max: 101 })
  time.span(30_000)
  assert.deepEqual(time.range(101_000), { min: 71, max: 101 })
})

test('it stands still at what was chosen, however often, and goes on with the last sample', () => {
  const time = new TimeShown()
  time.stop(100_000, { min: 50, max: 74 })
  assert.deepEqual(time.range(130_000), { min: 50, max: 74 })
  time.stop(130_000, { min: 60, max: 62 })
  assert.deepEqual(time.range(130_000), { min: 60, max: 62 })
  time.span(30_000)
  assert.deepEqual(time.range(130_000), { min: 32, max: 62 }, 'another span keeps the end')
  time.goOn()
  assert.deepEqual(time.range(130_000), { min: 100, max: 130 })
})

test('the points of what is shown begin with the one before, and end with what had been seen when it stopped', () => {
  const time = new TimeShown()
  time.span(30_000)
  time.stop(60_000)
  const shown = time.within(pointsUntil(90), time.range(90_000)).map(({ timeMs }) => timeMs)
  assert.deepEqual([shown[0], shown.at(-1)], [29_900, 60_000])
  const part = time.within(pointsUntil(90), { min: 40, max: 41 }).map(({ timeMs }) => timeMs)
  assert.deepEqual([part[0], part.at(-1)], [39_900, 41_200])
  // Zoomed in while it stands still: nothing newer comes in by that.
  time.stop(90_000, { min: 59, max: 60 })
  assert.equal(time.within(pointsUntil(90), time.range(90_000)).at(-1)?.timeMs, 60_000)
})
