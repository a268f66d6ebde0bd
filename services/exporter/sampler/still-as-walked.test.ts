import assert from 'node:assert/strict'
import test from 'node:test'
import { StillAsWalked } from './still-as-walked.ts'

test('what rests is as it was as long as no segment and no listener has come', () => {
  const table = new StillAsWalked()
  assert.equal(table.is(1, 10), false, 'nobody has looked yet')
  table.walked(true, 1, 10)
  assert.equal(table.is(1, 10), true)
  assert.equal(table.is(1, 11), false, 'a segment came')
  assert.equal(table.is(2, 10), false, 'a listener came')
})

test('what does not rest, or whose segments are not counted, has to be walked again', () => {
  const table = new StillAsWalked()
  table.walked(false, 1, 10)
  assert.equal(table.is(1, 10), false)
  table.walked(true, 1, undefined)
  assert.equal(table.is(1, undefined), false)
})
