import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from './errors.ts'
import { formatListen, parseCount, parseDurationMs, parseListen, parseRate, parseShare } from './parse.ts'

/** Each text is refused with an error that names the option and the text. */
function refuses(parse: (option: string, text: string) => unknown, texts: string[]): void {
  for (const text of texts)
    assert.throws(
      () => parse('--option', text),
      (error: unknown) => {
        assert.ok(error instanceof UsageError, text)
        assert.ok(error.message.includes(`--option '${text}'`) || error.message.startsWith('--option '), error.message)
        return true
      },
      text,
    )
}

const huge = '9'.repeat(400)

test('a duration is given in milliseconds, whatever its unit', () => {
  for (const [text, ms] of [
    ['500us', 0.5],
    ['10ms', 10],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0s', 0],
    ['2min', 120_000],
    ['3d', 259_200_000],
    ['250µs', 0.25],
    ['250μs', 0.25],
    ['1.5 s', 1500],
    ['1h30m', 5_400_000],
    ['2m7s', 127_000],
    ['2 min 7 s', 127_000],
    ['1 s 500 ms', 1500],
  ] as const)
    assert.equal(parseDurationMs('--for', text), ms)
})

test('a duration without a unit, below zero, endless or out of bounds is refused', () => {
  refuses(parseDurationMs, [
    '',
    '10',
    '-1s',
    ' ',
    '1  s',
    ' 1s',
    '1s ',
    's',
    '1w',
    '7s 2m',
    '1s 1s',
    '1 h 30',
    '1,5s',
    '2 min7',
    '5m s',
    '1e3ms',
    'NaNms',
    'Infinityms',
    `${huge}ms`,
    '1ms2',
    '٣ms',
  ])
  assert.throws(() => parseDurationMs('--for', '5ms', { min: 10, max: 1000 }), /at least 10 ms and at most 1 s/)
  assert.throws(() => parseDurationMs('--for', '5s', { min: 10, max: 1000 }), UsageError)
  assert.equal(parseDurationMs('--for', '1s', { min: 10, max: 1000 }), 1000)
})

test('a count is whole and within its bounds', () => {
  assert.equal(parseCount('--n', '0'), 0)
  assert.equal(parseCount('--n', '65535', { max: 65_535 }), 65_535)
  assert.equal(parseCount('--n', '-3', { min: -5 }), -3)
  refuses(parseCount, ['', '1.5', '1e3', '0x10', ' 1', '1 ', '+1', '-1', 'many', huge, '9007199254740993'])
  assert.throws(() => parseCount('--n', '65536', { max: 65_535 }), /at most 65535/)
})

test('a rate lies above zero', () => {
  assert.equal(parseRate('--rate', '0.5'), 0.5)
  assert.equal(parseRate('--rate', '1000'), 1000)
  refuses(parseRate, ['', '0', '0.0', '-1', '1.', '.5', 'NaN', 'Infinity', '1/s', huge])
  assert.throws(() => parseRate('--rate', '0'), /must be above 0/)
})

test('a share is written in percent or as a fraction', () => {
  assert.equal(parseShare('--budget', '2%'), 0.02)
  assert.equal(parseShare('--budget', '0.5%'), 0.005)
  assert.equal(parseShare('--budget', '0.02'), 0.02)
  assert.equal(parseShare('--budget', '2 %'), 0.02)
  assert.equal(parseShare('--budget', '100%'), 1)
  refuses(parseShare, ['', '0', '0%', '101%', '1.5', '-2%', '%', '2  %', 'two', huge])
})

test('an address to listen on is IPv4, IPv6 in brackets, a bare port on loopback, or a Unix socket', () => {
  assert.deepEqual(parseListen('--listen', '127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 })
  assert.deepEqual(parseListen('--listen', '0.0.0.0:0'), { host: '0.0.0.0', port: 0 })
  assert.deepEqual(parseListen('--listen', '[::1]:80'), { host: '::1', port: 80 })
  assert.deepEqual(parseListen('--listen', ':8080'), { host: '127.0.0.1', port: 8080 })
  assert.deepEqual(parseListen('--listen', 'unix:/run/a b.sock'), { path: '/run/a b.sock' })
})

test('names, numbers that are no address, and ports out of range are refused', () => {
  refuses(parseListen, [
    '',
    '8080',
    'localhost:80',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:x',
    '127.0.0.1:-1',
    '127.0.0.1:1:2',
    '1.2.3:80',
    '300.0.0.1:80',
    '::1:80x',
    '[::1]',
    '[1.2.3.4]:80',
    '[::g]:80',
    '[]:80',
    'unix:',
  ])
  assert.throws(() => parseListen('--listen', '127.0.0.1:65536'), UsageError)
  assert.throws(() => parseListen('--listen', `127.0.0.1:${huge}`), UsageError)
})

test('an address comes back as it was written', () => {
  for (const text of ['127.0.0.1:8080', '[::1]:80', '[::ffff:1.2.3.4]:1', 'unix:/run/x.sock'])
    assert.equal(formatListen(parseListen('--listen', text)), text)
})
