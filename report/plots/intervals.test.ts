import assert from 'node:assert/strict'
import test from 'node:test'
import { intervals } from './intervals.ts'

/** From, to and value of each line, in pixels. */
const drawn = (shown: Parameters<typeof intervals>[0], leastRoom = 1): number[][] =>
  [
    ...intervals(shown, leastRoom)
      .toString()
      .matchAll(/<line x1="(.*?)" x2="(.*?)".*?<circle cx="(.*?)"/g),
  ].map(([, ...numbers]) => numbers.map(Number))

const at = (low: number, value: number, high: number) => ({ low, value, high, colour: 1 })

test('values share a scale, from the least to the most of their intervals', () => {
  assert.deepEqual(drawn([at(0, 50, 100), at(25, 50, 75)]), [
    [7, 143, 75],
    [41, 109, 75],
  ])
})

test('what is near looks near', () => {
  const [[low, high]] = drawn([at(100, 101, 102)]) as [[number, number]]
  assert.ok(high - low < 15)
  assert.deepEqual(
    drawn([at(0, 0, 0.01)], 10)
      .flat()
      .map(Math.round),
    [75, 75, 75],
  )
})

test('an interval without an end runs to the edge, and what is not known leaves its line empty', () => {
  const [open] = drawn([undefined, at(0, 1, Number.POSITIVE_INFINITY), at(0, 1, 2)])
  assert.deepEqual(open, [7, 150, 75])
})
