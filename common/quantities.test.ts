import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDurationMs, parseShare } from './parse.ts'
import { bytes, byteUnit, duration, moment, number, percent, plural, rate, UNKNOWN, whole } from './quantities.ts'

/** What a function writes for each value. */
const writes = (write: (value: number) => string, expected: readonly (readonly [number, string])[]): void =>
  assert.deepEqual(
    expected.map(([value]) => [value, write(value)]),
    expected.map(([value, words]) => [value, words]),
  )

test('a number has three digits of a fraction, and all digits of a whole', () => {
  writes(number, [
    [0, '0'],
    [-0, '0'],
    [0.25, '0.25'],
    [0.123456, '0.123'],
    [12.34, '12.3'],
    [99.96, '100'],
    [301.4, '301'],
    [-0.4, '-0.4'],
    [999.4, '999'],
    [999.96, '1,000'],
    [1_234_567, '1,234,567'],
    [-1204.04, '-1,204'],
    [1e-6, '0.000001'],
    [1e-9, 'less than 0.000001'],
    [-1e-9, 'more than -0.000001'],
  ])
  writes(whole, [
    [0.4, '0'],
    [-0.4, '0'],
    [12.5, '13'],
    [4096.2, '4,096'],
  ])
  assert.equal(rate(0.5), '0.5/s')
  assert.deepEqual(
    [0, 1, 2, 1500].map((count) => plural(count, 'socket')),
    ['0 sockets', '1 socket', '2 sockets', '1,500 sockets'],
  )
  assert.equal(plural(2, 'process', 'processes'), '2 processes')
})

test('bytes have decimal units and step to the next one where their digits would', () => {
  writes(bytes, [
    [0, '0 B'],
    [540, '540 B'],
    [999.4, '999 B'],
    [999.96, '1 kB'],
    [1000, '1 kB'],
    [63_400, '63.4 kB'],
    [999_499, '999 kB'],
    [999_960, '1 MB'],
    [3_963_617, '3.96 MB'],
    [2e9, '2 GB'],
    [1.5e15, '1.5 PB'],
    [5e21, '5,000 EB'],
    [-1204, '-1.2 kB'],
  ])
  assert.deepEqual([0, 1200, 999_960].map(byteUnit), [
    { unit: 'B', size: 1 },
    { unit: 'kB', size: 1000 },
    { unit: 'MB', size: 1e6 },
  ])
})

test('a duration is told in the unit that reads well, from microseconds to days', () => {
  writes(duration, [
    [0, '0 ms'],
    [0.0004, '0.4 µs'],
    [0.25, '250 µs'],
    [0.9996, '1 ms'],
    [2.794, '2.79 ms'],
    [136.2, '136 ms'],
    [999.96, '1 s'],
    [1031.8, '1.03 s'],
    [59_960, '60 s'],
    [63_000, '63 s'],
    [119_400, '119 s'],
    [119_960, '2 min'],
    [127_000, '2 min 7 s'],
    [3_600_000, '60 min'],
    [7_199_400, '119 min 59 s'],
    [7_199_600, '2 h'],
    [12_000_000, '3 h 20 min'],
    [86_400_000, '24 h'],
    [172_799_000, '2 d'],
    [367_200_000, '4 d 6 h'],
    [1e12, '11574 d 2 h'],
    [-1500, '-1.5 s'],
  ])
})

test('a share is a percentage, and one that is nearly nothing or nearly all says so', () => {
  writes(percent, [
    [0, '0 %'],
    [1, '100 %'],
    [0.07, '7 %'],
    [0.123_45, '12.3 %'],
    [0.995, '99.5 %'],
    [0.999, '99.9 %'],
    [0.9999, '99.99 %'],
    [0.999_96, '99.996 %'],
    [1 - 1e-7, 'more than 99.9999 %'],
    [1 - 1e-16, '100 %'],
    [1e-7, 'less than 0.0001 %'],
    [12, '1,200 %'],
    [-0.2, '-20 %'],
  ])
})

test('what is not a number is unknown, and without end is without end, whatever is asked for', () => {
  for (const write of [number, whole, bytes, duration, percent]) {
    assert.equal(write(Number.NaN), UNKNOWN)
    assert.equal(write(Number.POSITIVE_INFINITY), '∞')
    assert.equal(write(Number.NEGATIVE_INFINITY), '-∞')
  }
  assert.equal(moment(Number.NaN), UNKNOWN)
})

test('moments have the same digits, so that they can be compared', () => {
  writes(moment, [
    [0, '0.00 s'],
    [465.4, '0.47 s'],
    [120_000, '120.00 s'],
  ])
})

/** Sizes over many decades, and what lies close to where units change. */
function* sizes(): Generator<number> {
  for (let exponent = -5; exponent < 11; exponent += 0.0137) yield 10 ** exponent
  for (const border of [1, 1000, 60_000, 120_000, 7_200_000, 172_800_000])
    for (const off of [-0.01, -0.0006, -0.0004, 0, 0.0004, 0.0006, 0.01]) yield border * (1 + off)
}

test('every duration that is written is read again, within the digits that were shown', () => {
  for (const ms of sizes()) {
    const read = parseDurationMs('--for', duration(ms))
    // Of days the hours are shown: at worst half an hour of two days.
    const shown = (ms < 172_000_000 ? 0.0051 : 0.0105) * ms
    assert.ok(Math.abs(read - ms) <= shown, `${ms} is written ${duration(ms)} and read ${read}`)
    assert.equal(duration(read), duration(ms), 'writing again changes nothing')
  }
})

test('every share that is written is read again, within the digits that were shown', () => {
  for (let share = 0.001; share <= 1; share += 0.000_97)
    assert.ok(Math.abs(parseShare('--share', percent(share)) - share) <= 0.0051 * share, percent(share))
})

test('what is longer or larger is never written with a larger number in the same unit, or in a smaller unit', () => {
  const order = ['µs', 'ms', 's', 'min', 'h', 'd']
  let last = { unit: -1, value: 0 }
  for (const ms of [...sizes()].sort((a, b) => a - b)) {
    const [value = '', unit = ''] = duration(ms).split(' ')
    const now = { unit: order.indexOf(unit), value: Number(value) }
    assert.ok(now.unit > last.unit || (now.unit === last.unit && now.value >= last.value), duration(ms))
    last = now
  }
})
