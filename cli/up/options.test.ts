import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { readOptions } from './options.ts'

test('without options it is three backends with a backlog of 128 each, and metrics on loopback', () => {
  const options = readOptions([])
  assert.deepEqual(options?.lab.backends, [{ backlog: 128 }, { backlog: 128 }, { backlog: 128 }])
  assert.deepEqual(options?.metrics, { host: '127.0.0.1', port: 10511 })
})

test('in mode shared the backends are workers of one socket', () => {
  assert.deepEqual(readOptions(['--mode', 'shared', '--backends', '4'])?.lab.backends, [{ backlog: 128, workers: 4 }])
})

test('help is asked for by name', () => {
  assert.equal(readOptions(['--help']), undefined)
})

for (const [args, complaint] of [
  [['--backends', '0'], /--backends '0' must be at least 1/],
  [['--backends', '1000000'], /--backends '1000000' must be .* at most 32/],
  [['--backlog', '-1'], /--backlog '-1'/],
  [['--backlog', 'many'], /--backlog 'many' is not a whole number/],
  [['--rate', 'NaN'], /--rate 'NaN' is not a number/],
  [['--rate', '1e99'], /--rate '1e99'/],
  [['--mode', 'clustered'], /--mode 'clustered'/],
  [['--metrics', 'localhost:1'], /--metrics 'localhost:1' is not an address/],
  [['--metrics', '127.0.0.1:70000'], /--metrics/],
  [['--sample-interval', '10'], /--sample-interval '10' is not a duration/],
  [['--sample-interval', '1us'], /--sample-interval/],
  [['--sysctl', 'somaxconn'], /--sysctl/],
  [['--surprise'], /--surprise/],
  [['--mode', 'single', '--backends', '2'], /single has one backend/],
] as [string[], RegExp][])
  test(`${args.join(' ')} is refused, and the option named`, () => {
    // An option's value that begins with a dash has to be written with `=`.
    const written = args.length === 2 ? [args.join('=')] : args
    assert.throws(
      () => readOptions(written),
      (error) => error instanceof UsageError && complaint.test(error.message),
    )
  })

test('there is a board unless it is switched off, or a program reads what is printed', () => {
  assert.deepEqual(readOptions([])?.board, { host: '127.0.0.1', port: 10510 })
  assert.deepEqual(readOptions(['--board', '127.0.0.1:0'])?.board, { host: '127.0.0.1', port: 0 })
  assert.equal(readOptions(['--board', 'off'])?.board, undefined)
  assert.equal(readOptions(['--json'])?.board, undefined)
  assert.deepEqual(readOptions(['--json', '--board', '127.0.0.1:0'])?.board, { host: '127.0.0.1', port: 0 })
})
