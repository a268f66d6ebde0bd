import assert from 'node:assert/strict'
import test from 'node:test'
import { StillEmpty } from './still-empty.ts'

test('what was empty is still empty as long as no segment and no listener has come', () => {
  const table = new StillEmpty()
  assert.equal(table.is(1, 10), false, 'nobody has looked yet')
  table.walked(false, 1, 10)
  assert.equal(table.is(1, 10), true)
  assert.equal(table.is(1, 11), false, 'a segment came')
  assert.equal(table.is(2, 10), false, 'a listener came')
})

test('what was not empty, or whose segments are not counted, has to be walked again', () => {
  const table = new StillEmpty()
  table.walked(true, 1, 10)
  assert.equal(table.is(1, 10), false)
  table.walked(false, 1, undefined)
  assert.equal(table.is(1, undefined), false)
})
