/** What holds for any text and any value that a person may write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../test/support/properties.ts'
import { UsageError } from './errors.ts'
import { formatListen, parseCount, parseDurationMs, parseListen, parseRate, parseShare } from './parse.ts'

const unitsMs = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const unit = fc.constantFrom('us', 'ms', 's', 'm', 'h')
const digits = fc.nat({ max: 999_999 })
/** A decimal as people write it, and its value. */
const decimal = fc
  .tuple(digits, fc.option(fc.stringMatching(/^\d{1,4}$/), { nil: undefined }))
  .map(([whole, fraction]) => (fraction === undefined ? String(whole) : `${whole}.${fraction}`))

/** Texts that look nearly like values, and any others. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789.-+e%:[]smhu x∞'), maxLength: 12 }),
)

/** The value, or that the text was refused in words; anything else that is thrown fails the test. */
function readBy(parse: (option: string, text: string) => number, text: string): number | 'refused' {
  try {
    return parse('--option', text)
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    assert.ok(error.message.startsWith('--option '), error.message)
    return 'refused'
  }
}

const close = (seen: number, expected: number): void =>
  assert.ok(Math.abs(seen - expected) <= 1e-9 * expected, `${seen} is not ${expected}`)

test('any text is a value within bounds or refused with the name of its option', () => {
  const readers = [
    { parse: parseDurationMs, least: 0, most: Number.MAX_VALUE },
    { parse: parseCount, least: 0, most: Number.MAX_SAFE_INTEGER },
    { parse: parseRate, least: Number.MIN_VALUE, most: Number.MAX_VALUE },
    { parse: parseShare, least: Number.MIN_VALUE, most: 1 },
  ]
  const property = fc.property(anyText, (text) => {
    for (const { parse, least, most } of readers) {
      const value = readBy(parse, text)
      assert.ok(value === 'refused' || (value >= least && value <= most), `${parse.name}: ${value}`)
    }
    try {
      formatListen(parseListen('--option', text))
    } catch (error) {
      assert.ok(error instanceof UsageError, String(error))
    }
  })
  fc.assert(property, { numRuns: 2000 })
})

test('a duration is its number times its unit, and the same in every unit that can say it', () => {
  const property = fc.property(decimal, unit, (number, name) => {
    close(parseDurationMs('--for', `${number}${name}`), Number(number) * unitsMs[name])
  })
  fc.assert(property)
  const inTwo = fc.property(digits, (seconds) => {
    assert.equal(parseDurationMs('--for', `${seconds}s`), parseDurationMs('--for', `${seconds * 1000}ms`))
    assert.equal(parseDurationMs('--for', `${seconds}h`), parseDurationMs('--for', `${seconds * 60}m`))
  })
  fc.assert(inTwo)
})

test('a duration within its bounds is taken, and one beyond them refused', () => {
  const property = fc.property(fc.nat({ max: 5000 }), fc.nat({ max: 5000 }), fc.nat({ max: 5000 }), (value, a, b) => {
    const bounds = { min: Math.min(a, b), max: Math.max(a, b) }
    const within = value >= bounds.min && value <= bounds.max
    const read = readBy((option, text) => parseDurationMs(option, text, bounds), `${value}ms`)
    assert.equal(read, within ? value : 'refused')
  })
  fc.assert(property)
})

test('whole numbers, rates and percents come back as they were written', () => {
  const property = fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 10_000 }), (count, basisPoints) => {
    assert.equal(parseCount('--n', String(count)), count)
    close(parseRate('--rate', (basisPoints / 100).toFixed(2)), basisPoints / 100)
    close(parseShare('--budget', `${(basisPoints / 100).toFixed(2)}%`), basisPoints / 10_000)
  })
  fc.assert(property)
})

test('every address and port comes back as it was written', () => {
  const port = fc.nat({ max: 65_535 })
  const property = fc.property(
    fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
    ),
    port,
    (host, number) => {
      assert.equal(formatListen(parseListen('--listen', `${host}:${number}`)), `${host}:${number}`)
    },
  )
  fc.assert(property)
})
