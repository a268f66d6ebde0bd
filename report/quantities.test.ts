import assert from 'node:assert/strict'
import test from 'node:test'
import { inWords } from './quantities.ts'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

test('numbers are told with their unit and without false precision, on one line', () => {
  for (const [value, quantity, words] of [
    [0, 'count', '0'],
    [1_234_567, 'count', '1,234,567'],
    [0.25, 'count', '0.25'],
    [-1204.04, 'count', '-1,204'],
    [2.794, 'ms', '2.79 ms'],
    [136.2, 'ms', '136 ms'],
    [1031.8, 'ms', '1.03 s'],
    [63_500, 'ms', '63.5 s'],
    [600_000, 'ms', '10 min'],
    [540, 'bytes', '540 B'],
    [3_963_617, 'bytes', '3.96 MB'],
  ] as const)
    assert.equal(plain(inWords(value, quantity)), words)
})

test('what is not known is a dash', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null, undefined])
    for (const quantity of ['count', 'ms', 'bytes'] as const) assert.equal(inWords(value, quantity), '–')
})
