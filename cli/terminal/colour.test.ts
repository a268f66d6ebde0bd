import assert from 'node:assert/strict'
import test from 'node:test'
import { wantsColour } from './colour.ts'

const terminal = { isTTY: true, hasColors: () => true }
const pipe = { isTTY: false, hasColors: () => false }

test('colours are for a terminal that knows them', () => {
  assert.equal(wantsColour(terminal, { TERM: 'xterm' }), true)
  assert.equal(wantsColour(terminal, { TERM: 'dumb' }), false)
  assert.equal(wantsColour({ isTTY: true, hasColors: () => false }, {}), false)
  assert.equal(wantsColour(pipe, {}), false)
})

test('NO_COLOR takes them away, unless it is empty, and FORCE_COLOR brings them into a pipe', () => {
  assert.equal(wantsColour(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }), false)
  assert.equal(wantsColour(terminal, { NO_COLOR: '' }), true)
  assert.equal(wantsColour(pipe, { FORCE_COLOR: '1' }), true)
  assert.equal(wantsColour(terminal, { FORCE_COLOR: '0' }), false)
})
