/** Rates, times and options as people write them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { parseDurationMs } from '#common/parse.ts'
import fc from '../../test/support/properties.ts'
import { readCommand } from './command.ts'
import { parseRatePerSecond, parseStall } from './units.ts'

test('a rate is read however people write it', () => {
  for (const [text, perSecond] of [
    ['3000/s', 3000],
    ['3000/sec', 3000],
    ['3000 / second', 3000],
    ['3k/s', 3000],
    ['3K/s', 3000],
    ['3000rps', 3000],
    ['3000 rps', 3000],
    ['3k qps', 3000],
    ['3kqps', 3000],
    ['3000 RPS', 3000],
    ['3000 req/s', 3000],
    ['3000req/sec', 3000],
    ['3000 requests/s', 3000],
    ['3000 requests per second', 3000],
    ['3k connections/s', 3000],
    ['3000 conn/s', 3000],
    ['1.5M/s', 1_500_000],
    ['.5/s', 0.5],
    ['0.125/s', 0.125],
    ['90/min', 1.5],
    ['90/m', 1.5],
    ['90 per minute', 1.5],
    ['90 rpm', 1.5],
    ['7200/h', 2],
    ['7200 rph', 2],
    ['3/ms', 3000],
    ['3000 rq/s', 3000],
    ['7200/hour', 2],
    ['3,000/s', 3000],
    ['1,234,567/s', 1_234_567],
    ['3 000/s', 3000],
    ['3_000 rps', 3000],
    ['1.234k/s', 1234],
  ] as const)
    assert.equal(parseRatePerSecond('--rate', text), perSecond, text)
})

test('a rate without a unit, or with a number that can be read in two ways, is refused in one sentence', () => {
  for (const [text, why] of [
    ['3000', /is not a rate/],
    ['3000 parsecs', /is not a rate/],
    ['3000/d', /is not a rate/],
    ['1e9/s', /is not a rate/],
    ['-3/s', /is not a rate/],
    ['rps', /is not a rate/],
    ['1,5k/s', /comma/],
    ['1,50/s', /comma/],
    ['3.000/s', /the point may stand before decimals or between thousands/],
    ['0 rps', /must be above 0/],
  ] as const)
    assert.throws(
      () => parseRatePerSecond('--rate', text),
      (error: unknown) => error instanceof UsageError && why.test(error.message) && error.message.includes(`'${text}'`),
      text,
    )
})

test('a time is read however people write it', () => {
  for (const [text, ms] of [
    ['1sec', 1000],
    ['1 second', 1000],
    ['2 secs', 2000],
    ['500 ms', 500],
    ['500msec', 500],
    ['500 milliseconds', 500],
    ['250 usec', 0.25],
    ['250 microseconds', 0.25],
    ['500000ns', 0.5],
    ['1m30s', 90_000],
    ['1 min 30 sec', 90_000],
    ['2 minutes', 120_000],
    ['2mins', 120_000],
    ['1 hour', 3_600_000],
    ['2hrs', 7_200_000],
    ['3 days', 259_200_000],
    ['.5s', 500],
  ] as const)
    assert.ok(Math.abs(parseDurationMs('--stall', text) - ms) < 1e-6, text)
  assert.deepEqual(parseStall('--stall', '80 ms / 10 sec'), { ms: 80, everyMs: 10_000 })
  assert.deepEqual(parseStall('--stall', '80ms every 10s'), { ms: 80, everyMs: 10_000 })
  assert.throws(() => parseDurationMs('--stall', '0,5s'), { remedy: 'Write a point before decimals: 0.5s' })
})

test('any text is a rate above zero, or is refused with the name of its option', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'0123456789.,_ kKM/srpqmin'), maxLength: 12 }),
  )
  fc.assert(
    fc.property(text, (said) => {
      try {
        assert.ok(parseRatePerSecond('--rate', said) > 0)
      } catch (error) {
        assert.ok(error instanceof UsageError && error.message.startsWith('--rate '), String(error))
      }
    }),
    { numRuns: 3000 },
  )
})

test('a rate means the same in every unit that can say it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9999 }), (count) => {
      const rate = (text: string) => parseRatePerSecond('--rate', text)
      const same = [
        `${count}rps`,
        `${count} req/s`,
        `${count * 60}/min`,
        `${count * 3600} per hour`,
        `${count * 60} rpm`,
      ]
      for (const text of same) assert.ok(Math.abs(rate(text) - count) < 1e-9 * count, text)
      assert.equal(rate(`${count}k/s`), rate(`${count}000/s`))
    }),
  )
})

test('what others call an option is known, and the name that it has here is told', () => {
  for (const [given, here] of [
    ['--rps=3', 'rate'],
    ['--qps', 'rate'],
    ['--pcap=x', 'arrivals'],
    ['--duration=3s', 'for'],
    ['--replicas=3', 'backends'],
    ['--latency=3ms', 'rtt'],
    ['--stal=3s', 'stall'],
  ] as const)
    assert.throws(
      () => readCommand([given]),
      new RegExp(`There is no option ${given.split('=')[0]}; did you mean --${here}\\?`),
    )
})
