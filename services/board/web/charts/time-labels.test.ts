import assert from 'node:assert/strict'
import test from 'node:test'
import { timeLabels } from './time-labels.ts'

const edges = { from: -46, to: 208 }
/** A minute on 200 pixels. */
const at = (seconds: number): number => (seconds - 1_700_000_000) * (200 / 60)

test('a time that would reach beyond an edge is left out, the others are said', () => {
  const values = [0, 15, 30, 45, 60].map((second) => 1_700_000_000 + second)
  const labels = timeLabels(values, 15, at, edges)
  assert.deepEqual(
    labels.map((label) => label !== ''),
    [false, true, true, true, false],
  )
  for (const label of labels) assert.match(label, /^$|^\d\d:\d\d:\d\d$/)
})

test('times less than a second apart are told apart', () => {
  const labels = timeLabels(
    [0.25, 0.5, 0.75].map((part) => 1_700_000_030 + part),
    0.25,
    at,
    edges,
  )
  assert.equal(new Set(labels).size, 3)
  for (const label of labels) assert.match(label, /^\d\d:\d\d\.\d\d$/)
})
