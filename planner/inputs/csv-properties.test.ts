/** What holds for any text that is read as a file of arrivals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '#common/errors.ts'
import fc from '../../test/support/properties.ts'
import { parseCsv } from './csv.ts'

const unitsMs = { ms: 1, s: 1000, us: 0.001 } as const
const times = fc
  .array(fc.nat({ max: 1_000_000 }), { minLength: 2, maxLength: 50 })
  .map((values) => values.sort((a, b) => a - b))

/** A few columns that nobody asked for, on either side. */
const column = fc.constantFrom('client', 'port', 'path')

/** What may stand where a time should. */
const odd = fc.oneof(
  fc.double().map(String),
  fc.constantFrom('', '-1', '1e400', '2024-05-01', '"7"', '1,5', 'x'),
  fc.string({ unit: 'binary', maxLength: 5 }),
)
/** Right but for its heading, perhaps, and one line, perhaps. */
const nearlyRight = fc
  .tuple(
    fc.constantFrom('t_ms', 'time', 'timestamp', 'time_s', 't_ns', 'a,t_us', 'ms;b', 'client'),
    times,
    fc.option(fc.tuple(fc.nat({ max: 50 }), odd), { nil: undefined }),
  )
  .map(([heading, values, change]) => {
    const lines = values.map(String)
    if (change !== undefined) lines.splice(change[0], 1, change[1])
    return [heading, ...lines].join('\n')
  })

test('any text gives times that begin at zero and never go back, or is refused in words with the name of the file', () => {
  let taken = 0
  const property = fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearlyRight), (text) => {
    try {
      const { atMs } = parseCsv('arrivals.csv', text)
      taken++
      assert.equal(atMs[0], 0)
      for (const [i, time] of atMs.entries()) assert.ok(Number.isFinite(time) && time >= (atMs[i - 1] ?? 0))
    } catch (error) {
      assert.ok(error instanceof UsageError, String(error))
      assert.ok(error.message.startsWith('arrivals.csv'), error.message)
    }
  })
  fc.assert(property, { numRuns: 3000 })
  assert.ok(taken > 100, `only ${taken} texts were taken`)
})

test('times come back as they were written, since the first, whatever unit, separator and line end they have', () => {
  const property = fc.property(
    times,
    fc.constantFrom('ms', 's', 'us'),
    fc.constantFrom(',', ';', '\t'),
    fc.constantFrom('\n', '\r\n'),
    fc.array(column, { maxLength: 2 }),
    fc.array(column, { maxLength: 2 }),
    (values, unit, separator, lineEnd, before, after) => {
      fc.pre(values[0] !== values.at(-1)) // of arrivals at one moment alone there is no rate: they are refused
      const line = (own: string): string => [...before, own, ...after].join(separator)
      const text = [line(`t_${unit}`), ...values.map((value) => line(String(value)))].join(lineEnd)
      const { atMs, source } = parseCsv('arrivals.csv', text)
      assert.equal(atMs.length, values.length)
      fc.pre(!source.includes('its clock ticks')) // whole seconds are spread within them
      for (const [i, value] of values.entries())
        assert.ok(Math.abs(atMs[i]! - (value - values[0]!) * unitsMs[unit]) < 1e-3, `${atMs[i]} for ${value}`)
    },
  )
  fc.assert(property)
})
