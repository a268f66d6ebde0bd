import assert from 'node:assert/strict'
import test from 'node:test'
import type { Expectation } from '#experiments/vocabulary/expectation.ts'
import { atLeast, atMost, between, equals, is, that } from '#experiments/vocabulary.ts'
import { bandInWords, seenInWords, weigh } from './verdict.ts'

const one = (expectation: Expectation, lateMs = 0) =>
  weigh({ kernel: [expectation], userspace: [expectation] }, { what: 'timers', lateMs })[0]!

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

test('the upper end of a time gives way by the lateness that was measured and is borne, the lower end and other units do not', () => {
  const time = that('x', 1030, between(1000, 1010, 'ms'))
  assert.equal(one(time, 0).passed, false)
  const late = one(time, 25)
  assert.equal(late.passed, true)
  assert.equal(late.widenedMs, 25)
  assert.equal(bandInWords(late), '1000 to 1035 ms (including 25 ms for lateness)')
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
  const counted = weigh({ kernel: [expectation], userspace: [expectation], both: [expectation] }, undefined)
  assert.deepEqual(
    counted.map((weighed) => weighed.counted),
    ['kernel', 'userspace', 'both'],
  )
})

const verdictOf = ({ passed, notJudged }: ReturnType<typeof one>) =>
  notJudged !== null ? 'not judged' : passed ? 'passed' : 'failed'

test('what fails while all was on time fails, and beside more lateness than it bears it is not judged, with the reason', () => {
  const wrong = that('x', 8, equals(9))
  assert.equal(verdictOf(one(wrong, 100)), 'failed')
  const late = one(wrong, 230)
  assert.equal(verdictOf(late), 'not judged')
  assert.equal(
    late.notJudged,
    'this machine was too busy: timers of an idle process fired up to 230 ms late, and it bears 100 ms',
  )
  assert.equal(verdictOf(one(that('x', 8, equals(9), { bears: 300 }), 230)), 'failed')
  assert.equal(verdictOf(one(that('x', false, is(true)), 230)), 'not judged')
  assert.match(one(that('x', 8, equals(9), { bears: 0 }), 1).notJudged ?? '', /and it bears no lateness$/)
})

test('what no lateness can explain fails on the busiest machine too', () => {
  assert.equal(verdictOf(one(that('x', 8, equals(9), { bears: 'any lateness' }), 60_000)), 'failed')
})

test('what passes beside lateness has passed, unless lateness could have made it pass', () => {
  assert.equal(verdictOf(one(that('x', 9, equals(9)), 9000)), 'passed')
  assert.equal(verdictOf(one(that('x', 9, atLeast(5), { lateHelps: true }), 90)), 'passed')
  assert.equal(verdictOf(one(that('x', 9, atLeast(5), { lateHelps: true }), 110)), 'not judged')
  const waits = that('x', 1100, atLeast(950, 'ms'))
  assert.equal(verdictOf(one(waits, 140)), 'passed', 'it would have waited for long enough on any machine')
  assert.equal(verdictOf(one(waits, 160)), 'not judged')
})

test('a time that is off by more than anything was late fails on a busy machine too', () => {
  const quick = (seen: number) => that('x', seen, atMost(100, 'ms'))
  assert.equal(verdictOf(one(quick(1030), 200)), 'failed')
  assert.equal(verdictOf(one(quick(280), 200)), 'not judged')
  assert.equal(verdictOf(one(that('x', 700, atLeast(950, 'ms')), 200)), 'failed')
  assert.equal(verdictOf(one(that('x', 900, atLeast(950, 'ms')), 200)), 'not judged')
  assert.equal(verdictOf(one(that('x', Number.NaN, atLeast(950, 'ms')), 200)), 'not judged')
})

test('what was late one after the other adds up in a time, but not in a count, and only beyond what is borne', () => {
  const weighed = (seen: number, band: ReturnType<typeof atMost>, lateMs: number, togetherMs: number) => {
    const expectation = that('x', seen, band)
    return verdictOf(
      weigh({ kernel: [expectation], userspace: [expectation] }, { what: 'switches', lateMs, togetherMs })[0]!,
    )
  }
  assert.equal(weighed(4383, atMost(1500, 'ms'), 1100, 3000), 'not judged')
  assert.equal(weighed(4383, atMost(1500, 'ms'), 1100, 2000), 'failed')
  assert.equal(weighed(4383, atMost(1500, 'ms'), 60, 3000), 'failed', 'nothing was later than it bears')
  assert.equal(weighed(1100, atLeast(950, 'ms'), 120, 160), 'not judged')
})
