import assert from 'node:assert/strict'
import test from 'node:test'
import { Quiet } from './quiet.ts'

test('a namespace is quiet after a minute in which nothing waited, and busy again with the first that waits', () => {
  const quiet = new Quiet(0)
  assert.equal(quiet.isQuiet(59_999), false)
  assert.equal(quiet.isQuiet(60_000), true)
  quiet.acceptQueues(70_000, false)
  assert.equal(quiet.isQuiet(70_000), true)
  quiet.acceptQueues(70_100, true)
  assert.equal(quiet.isQuiet(70_100), false)
  assert.equal(quiet.isQuiet(130_099), false)
  assert.equal(quiet.isQuiet(130_100), true)
})

test('a SYN queue is counted less often only while neither half-open requests nor connections wait', () => {
  const quiet = new Quiet(0)
  assert.equal(quiet.synIntervalMs(0, 100), 100)
  assert.equal(quiet.synIntervalMs(60_000, 100), 1000)
  assert.equal(quiet.synIntervalMs(60_000, 5000), 5000, 'the budget may ask for less')
  quiet.synQueues(60_000, true)
  assert.equal(quiet.synIntervalMs(60_001, 100), 100)
  assert.equal(quiet.synIntervalMs(120_000, 100), 1000)
  quiet.acceptQueues(120_000, true)
  assert.equal(quiet.synIntervalMs(120_001, 100), 100)
})
