import assert from 'node:assert/strict'
import test from 'node:test'
import { axis, logAxis, onLog, timeTicks } from './scales.ts'

const labels = (ticks: readonly { label: string }[]): string[] => ticks.map(({ label }) => label)

test('an axis of counts has whole numbers and reaches at least to the highest', () => {
  assert.deepEqual(labels(axis(9, 'count').ticks), ['0', '2', '4', '6', '8', '10'])
  assert.deepEqual(labels(axis(1, 'count').ticks), ['0', '1'])
  for (const highest of [0, 1, 9, 17.9, 4097]) assert.ok(axis(highest, 'count').top >= Math.max(1, highest))
})

test('bytes and times have round numbers of one unit', () => {
  assert.deepEqual(labels(axis(1200, 'bytes').ticks), ['0', '0.2 kB', '0.4 kB', '0.6 kB', '0.8 kB', '1 kB', '1.2 kB'])
  assert.deepEqual(labels(axis(112, 'ms').ticks), ['0', '20 ms', '40 ms', '60 ms', '80 ms', '100 ms', '120 ms'])
  assert.equal(labels(axis(11_500, 'ms').ticks).at(-1), '12 s')
})

test('a logarithmic axis holds every time, also those that have no logarithm', () => {
  const times = logAxis([0, 0.04, 1031, Number.NaN])
  assert.ok(times.from < Math.log10(0.04) && times.to > Math.log10(1031))
  assert.equal(onLog(0, times), times.from)
  assert.equal(onLog(Number.NaN, times), times.from)
  assert.deepEqual(labels(times.ticks), ['100 µs', '1 ms', '10 ms', '100 ms', '1 s'])
  assert.deepEqual(labels(logAxis([3, 8]).ticks), ['2 ms', '5 ms', '10 ms'])
  assert.ok(logAxis([]).ticks.length > 1)
})

test('time is told in the unit that its ticks need', () => {
  assert.ok(labels(timeTicks([0, 2400]).narrow).includes('0.5 s'))
  assert.ok(labels(timeTicks([464.4, 467.6]).narrow).includes('465 ms'))
})
