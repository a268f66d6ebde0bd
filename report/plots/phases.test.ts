import assert from 'node:assert/strict'
import test from 'node:test'
import { placeLabels } from './phases.ts'

test('names that would cover each other stand on lines of their own, an earlier one above', () => {
  const placed = placeLabels(
    [
      { text: 'stall', begin: 0 },
      { text: 'release', begin: 0.25 },
      { text: 'afterwards', begin: 0.26 },
    ],
    500,
  )
  assert.deepEqual(
    placed.map(({ text, lane, ends }) => [text, lane, ends]),
    [
      ['stall', 0, false],
      ['release', 1, false],
      ['afterwards', 0, false],
    ],
  )
})

test('a name at the right end ends where its phase begins', () => {
  assert.deepEqual(placeLabels([{ text: 'afterwards', begin: 0.99 }], 500), [
    { text: 'afterwards', begin: 0.99, lane: 0, ends: true },
  ])
})

test('a name for which there is no room is left out, and the others are not', () => {
  const many = Array.from({ length: 40 }, (_, at) => ({ text: `phase ${at}`, begin: 0.5 + at / 1000 }))
  const placed = placeLabels(many, 250)
  assert.ok(placed.length > 1 && placed.length < 40)
  assert.deepEqual(
    placed.map(({ begin }) => begin),
    placed.map(({ begin }) => begin).sort((a, b) => a - b),
  )
})
