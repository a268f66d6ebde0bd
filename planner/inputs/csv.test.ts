/** Recorded arrivals as people have them: each file is read as it was meant, and says how, or is refused. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { parseCsv } from './csv.ts'

const lines = (heading: string, count: number, line: (i: number) => string): string =>
  [heading, ...Array.from({ length: count }, (_, i) => line(i)), ''].join('\n')
/** Differences of Unix times in seconds are good to a microsecond. */
const rounded = (text: string): number[] => [...parseCsv('a.csv', text).atMs].map((ms) => Math.round(ms * 1000) / 1000)

test('plain numbers under `time` are seconds, never dates, and the answer says so', () => {
  const { atMs, source } = parseCsv(
    'a.csv',
    lines('time', 4000, (i) => (1.1 + (i * 61) / 3999).toFixed(3)),
  )
  assert.ok(Math.abs(atMs.at(-1)! - 61_000) < 1)
  assert.equal(source, '4,000 arrivals over 61 s, column `time` as seconds, recorded in a.csv')
})

for (const [what, text, atMs, how] of [
  ['seconds by heading', 'id,t_s\n1,10\n2,10.5\n3,12\n', [0, 500, 2000], '`t_s` as seconds'],
  ['milliseconds by heading', 't_ms\n1\n3.5\n', [0, 2.5], '`t_ms` as milliseconds'],
  ['microseconds by heading', 'Time (µs)\n0\n1500\n', [0, 1.5], '`Time (µs)` as microseconds'],
  ['nanoseconds by heading', 't_ns\n0\n1500000\n', [0, 1.5], '`t_ns` as nanoseconds'],
  ['a unit in camel case', 'startedMs\n5\n7\n', [0, 2], '`startedMs` as milliseconds'],
  ['Unix seconds by size', 'time\n1700000000.25\n1700000001\n', [0, 750], 'Unix time in seconds'],
  ['Unix milliseconds by size', 'timestamp\n1700000000000\n1700000000015\n', [0, 15], 'Unix time in milliseconds'],
  ['Unix microseconds by size', 'ts\n1700000000000000\n1700000000001500\n', [0, 1.5], 'Unix time in microseconds'],
  [
    'Unix nanoseconds by size',
    'time\n1700000000000000000\n1700000000512000000\n',
    [0, 512],
    'Unix time in nanoseconds',
  ],
  ['dates', 'time\n2026-01-01T00:00:00Z\n2026-01-01T01:00:01.5+01:00\n', [0, 1500], '`time` as dates'],
  ['dates finer than a millisecond', 'time\n2026-01-01 00:00:00.0001Z\n2026-01-01 00:00:00.0004Z\n', [0, 0.3], 'dates'],
  ['dates without a zone', 'time\n2026-01-01 00:00:00\n2026-01-01 00:00:02\n', [0, 2000], 'taken as UTC'],
  ['a BOM, semicolons and CRLF', '\uFEFFid;t_s\r\n1;10\r\n2;10.5\r\n', [0, 500], '`t_s` as seconds'],
  ['tabs', 'id\tt_ms\n1\t5\n2\t6\n', [0, 1], '`t_ms` as milliseconds'],
  ['decimal commas', 'id;t_s\n1;0,25\n2;1,5\n', [0, 1250], 'with decimal commas'],
  ['decimal commas in a single column', 't_ms\n1,5\n2,5\n', [0, 1], 'with decimal commas'],
  ['quoted decimal commas', '"time","x"\n"0,5","a ""b"", c"\n"1,5","d"\n', [0, 1000], 'with decimal commas'],
  ['quoted cells over two lines', 't_ms,x\n1,"a\nb"\n2,c\n', [0, 1], '`t_ms` as milliseconds'],
  ['blank lines', 't_ms\n\n1\n\n  \n2\n', [0, 1], '`t_ms` as milliseconds'],
  ['separators at the end of lines', 't_ms;\n1;\n2;\n', [0, 1], '`t_ms` as milliseconds'],
  ['a duration before the time', 'wait_ms,started_ms\n9,1\n3,2\n', [0, 1], '`started_ms` as milliseconds'],
  ['times that occur twice', 't_ms\n1\n1\n1\n9\n', [0, 0, 0, 8], '2 have the same time as the one before'],
] as const)
  test(`a CSV with ${what} is read`, () => {
    assert.deepEqual(rounded(text), atMs)
    const { source } = parseCsv('a.csv', text)
    assert.ok(source.includes(how), source)
  })

test('a gap in a recording is said', () => {
  assert.match(
    parseCsv(
      'a.csv',
      lines('t_ms', 51, (i) => String(i < 50 ? i : 5000)),
    ).source,
    /with a gap of 4.95 s/,
  )
})

for (const [text, problem] of [
  ['', /a.csv is empty/],
  ['\uFEFF\n\n', /a.csv is empty/],
  ['1\n2\n', /a.csv line 1: no heading says which column .* '1' is not a name/],
  ['2026-01-01T00:00:00Z\n2026-01-01T00:00:01Z\n', /a.csv line 1: no heading/],
  ['wait_ms\n1\n2\n', /a.csv line 1: no heading .*read as a single column: wait_ms/],
  ['t_ms\n5\n4\n', /a.csv line 3: '4' lies before the time of the line above \(column `t_ms` as milliseconds\)/],
  ['t_ms\n5\nsoon\n', /a.csv line 3: 'soon' is not a time \(column `t_ms` as milliseconds\)/],
  ['t_ms\n5\n2026-01-01T00:00:00Z\n', /a.csv line 3: '2026.*' is not a time \(column `t_ms` as milliseconds\)/],
  ['time\n2026-01-01T00:00:00Z\n5\n', /a.csv line 3: '5' is not a time \(column `time` as dates\)/],
  ['time\n2026-02-30T00:00:00Z\n', /a.csv line 2: '2026-02-30.*' is not a time/],
  ['time\n2026-01-01\n', /a.csv line 2, column `time`.*'2026-01-01' is neither a number nor a date with a time/],
  ['time\n1.1s\n', /a.csv line 2, column `time`.*'1.1s' is neither/],
  ['time\n20260101120000\n20260101120001\n', /a.csv line 2, column `time`.*more than a century/],
  ['t_ms\n1700000000000000\n', /the heading says milliseconds.*in microseconds it would be a Unix time/],
  ['t_s\n2026-01-01T00:00:00Z\n', /the heading says seconds, and '2026.*' is a date/],
  ['id,t_ms\n1,1,5\n', /a.csv line 2: 3 columns, and the heading has 2 \(read as columns separated by commas\)/],
  ['time\n1,000\n1,001\n', /a comma as in '1,000' may stand before decimals or between thousands/],
  ['t_ms,x\n1,"a\n2,b\n', /a.csv line 2: a quote begins here and never ends/],
  ['t_ms\n1\n1e999\n', /a.csv line 3: '1e999' is not a time/],
  ['t_s\n0\n1e9\n', /a.csv lasts .* more than .*\(column `t_s` as seconds\)/],
  ['t_ms\n', /a.csv holds no arrivals \(column `t_ms`\)/],
  ['t_ms\n5\n', /a.csv holds one arrival only \(column `t_ms` as milliseconds\)/],
  ['time\n5\n5\n5\n', /a.csv: all 3 arrivals have the same time \(column `time` as seconds\)/],
] as const)
  test(`a CSV '${text.replaceAll('\n', ' ')}' is refused with how it was read`, () => {
    assert.throws(
      () => parseCsv('a.csv', text),
      (error: unknown) => {
        assert.ok(error instanceof UsageError)
        assert.match(error.message, problem)
        assert.doesNotMatch(error.message, /\. /, 'one sentence')
        return true
      },
    )
  })
