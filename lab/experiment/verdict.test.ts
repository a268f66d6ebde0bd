import assert from 'node:assert/strict'
import test from 'node:test'
import type { Expectation } from '#experiments/vocabulary/expectation.ts'
import { atLeast, atMost, between, equals, is, that } from '#experiments/vocabulary.ts'
import { bandInWords, seenInWords, weigh } from './verdict.ts'

const one = (expectation: Expectation, lagMs = 0) =>
  weigh({ kernel: [expectation], userspace: [expectation] }, lagMs)[0]!

for (const [band, inside, outside] of [
  [equals(9), [9], [8, 8.999, 10, Number.NaN]],
  [between(0.75, 0.85, 'share'), [0.75, 0.8, 0.85], [0.7499, 0.8501]],
  [atLeast(3), [3, 4e9], [2, -1, Number.NaN]],
  [atMost(3), [3, -4], [4, Number.POSITIVE_INFINITY, Number.NaN]],
] as const)
  test(`${bandInWords(one(that('x', inside[0], band)))} takes ${inside.join(', ')} and not ${outside.join(', ')}`, () => {
    for (const seen of inside) assert.equal(one(that('x', seen, band)).passed, true, `${seen}`)
    for (const seen of outside) assert.equal(one(that('x', seen, band)).passed, false, `${seen}`)
  })

test('a word and a truth value must be the same', () => {
  assert.equal(one(that('x', 'EADDRINUSE', is('EADDRINUSE'))).passed, true)
  assert.equal(one(that('x', 'joined', is('EADDRINUSE'))).passed, false)
  assert.equal(one(that('x', false, is(true))).passed, false)
})

test('the upper end of a time gives way by the lag that was measured, the lower end and other units do not', () => {
  const time = that('x', 1030, between(1000, 1010, 'ms'))
  assert.equal(one(time, 0).passed, false)
  const late = one(time, 25)
  assert.equal(late.passed, true)
  assert.equal(late.widenedMs, 25)
  assert.equal(bandInWords(late), '1000 to 1035 ms (including 25 ms for scheduling lag)')
  assert.equal(one(that('x', 999, between(1000, 1010, 'ms')), 25).passed, false)
  assert.equal(one(that('x', 12, equals(10)), 25).passed, false)
})

test('nothing to see fails, and is told as nothing', () => {
  const weighed = one(that('x', Number.NaN, atLeast(0)))
  assert.deepEqual([weighed.passed, weighed.seen, seenInWords(weighed)], [false, null, 'nothing'])
})

test('numbers are told with their units', () => {
  assert.equal(seenInWords(one(that('x', 0.82, between(0, 1, 'share')))), '82 %')
  assert.equal(seenInWords(one(that('x', 1024.1234, between(0, 2000, 'ms')))), '1024.12 ms')
  assert.equal(bandInWords(one(that('x', 9, equals(9)))), '9')
  assert.equal(bandInWords(one(that('x', 9, atLeast(4, 'B')))), 'at least 4 B')
})

test('expectations keep who counted', () => {
  const expectation = that('x', 1, equals(1))
  const counted = weigh({ kernel: [expectation], userspace: [expectation], both: [expectation] }, 0)
  assert.deepEqual(
    counted.map((weighed) => weighed.counted),
    ['kernel', 'userspace', 'both'],
  )
})
