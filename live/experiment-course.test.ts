import assert from 'node:assert/strict'
import test from 'node:test'
import { comparison, experiment } from '#experiments/vocabulary/experiment.ts'
import * as course from './experiment-course.ts'

const lesson = { name: 'x', teaches: 'y', sources: ['a test'] } as const
const phases = { first: () => {}, second: () => {} }
const expect = (): never => {
  throw new Error('is not judged here')
}
const one = experiment({ ...lesson, lab: {}, phases, expect })
const two = comparison({ ...lesson, cases: { small: {}, large: {} }, phases, expect })
const expected = () => [{ counted: 'both' as const, sentence: 'they agree' }]
const marks = (steps: readonly { name: string; state: string }[]): string =>
  steps.map(({ name, state }) => `${name} ${state}`).join(', ')

test('phases are passed one after the other, in each case anew', () => {
  let state = course.begun(two, 1)
  assert.equal(marks(state.cases), 'small ahead, large ahead')
  state = course.inPhase(course.inLab(state, 'small', expected), 'small', 'second')
  assert.equal(marks(state.cases), 'small now, large ahead')
  assert.equal(marks(state.steps), 'first done, second now, afterwards ahead')
  state = course.inLab(state, 'large', expected)
  assert.equal(marks(state.cases), 'small done, large now')
  assert.equal(marks(state.steps), 'first ahead, second ahead, afterwards ahead')
  assert.deepEqual(
    state.phases.map(({ name }) => name),
    ['small, second'],
  )
})

test('the last picture of a lab is called that, and by its case; one of an earlier lab says nothing', () => {
  const shown = { ...course.inLab(course.begun(two, 1), 'small', expected), shows: '1: small' }
  assert.equal(
    course.labOver(shown, '1: small', 'small').still,
    'The lab of case small has ended: this is its last picture.',
  )
  assert.equal(course.labOver({ ...shown, shows: '1: large' }, '1: small', 'small').still, undefined)
})

test('what was open when a run ended has not been judged, for the reason of the run; nothing of it is shown any more', () => {
  const state = course.inLab(course.begun(one, 1), 'lab', expected)
  assert.deepEqual(
    state.expectations.map(({ outcome, counted }) => [outcome, counted]),
    [['open', 'kernel and userspace']],
  )
  const over = course.over({ ...state, shows: '1: lab' }, { status: 'not judged', reason: 'interrupted' })
  assert.deepEqual([over.running, over.shows, over.status], [false, undefined, 'not judged'])
  assert.deepEqual(
    over.expectations.map(({ outcome, reason }) => [outcome, reason]),
    [['not judged', 'interrupted']],
  )
})
