/** What holds for any file of arrivals, however damaged it is. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import fc from '../../test/support/properties.ts'
import type { SaidOfRecording } from './recorded.ts'
import { parseRecording } from './recording.ts'

/** One line of each kind; `T` stands for a time within a minute, in milliseconds. */
const lines: readonly ((ms: number) => string)[] = [
  (ms) => `::1 - - [26/Nov/2026:15:36:${second(ms)} +0000] "GET / HTTP/1.1" 200 2 "-" "curl" 0.0${ms % 100}`,
  (ms) =>
    `::1:${ms} [26/Nov/2026:15:36:${second(ms)}.${milli(ms)}] web ng/s1 0/0/0/1/1 200 199 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,
  (ms) => `[2026-11-26T15:36:${second(ms)}.${milli(ms)}Z] "GET / HTTP/1.1" 200 - 0 5 3 2 "-" "curl" "x" "y" "-"`,
  (ms) => `{"ts":${1_795_707_360 + ms / 1000},"request":{"remote_port":"${ms}"},"duration":0.${ms},"status":200}`,
  (ms) => `{"level":30,"time":${1_795_707_360_000 + ms},"res":{"statusCode":200},"responseTime":${ms}}`,
  (ms) => `1795707360.${milli(ms)} IP 10.0.0.1.${ms} > 10.0.0.2.80: Flags [S], seq ${ms}, win 65495, length 0`,
  (ms) => `15:36:${second(ms)}.${milli(ms)} IP 10.0.0.1.${ms} > 10.0.0.2.80: Flags [S], seq ${ms}, win 65495, length 0`,
  (ms) =>
    ` 00:00:${second(ms)}.${milli(ms)} IP 10.0.0.1.${ms} > 10.0.0.2.80: Flags [S], seq ${ms}, win 65495, length 0`,
  (ms) => `    1   ${ms / 1000 + 0.1}    10.0.0.1 → 10.0.0.2    TCP 74 ${ms} → 80 [SYN] Seq=0 Win=65495 Len=0`,
  (ms) => `TcpPassiveOpens ${ms} 0.0`,
  (ms) => `Tcp: PassiveOpens\nTcp: ${ms}`,
  (ms) => `    ${ms} passive connection openings`,
  (ms) => `LISTEN ${ms} 128 0.0.0.0:80 0.0.0.0:*`,
  (ms) => `${1_795_707_360_000 + ms},${ms % 7}`,
]
const second = (ms: number): string => String(Math.floor(ms / 1000) % 60).padStart(2, '0')
const milli = (ms: number): string => String(ms % 1000).padStart(3, '0')

const heads = [
  '',
  'time,count',
  '"No.","Time","Source","Destination","Protocol","Length","Info"',
  '#kernel',
  '[',
  'State Recv-Q Send-Q',
  'frame.time_epoch,tcp.flags',
]

/** Lines of one kind, some of them cut, doubled or strewn with anything. */
const file = fc
  .tuple(
    fc.constantFrom(...heads),
    fc.constantFrom(...lines),
    fc.array(fc.nat({ max: 59_999 }), { maxLength: 30 }),
    fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 80 }), fc.string({ unit: 'binary', maxLength: 4 })), {
      maxLength: 3,
    }),
  )
  .map(([head, line, times, damages]) => {
    const written = [head, ...times.map(line)]
    for (const [at, from, text] of damages) {
      const one = written[at]
      if (one !== undefined) written[at] = one.slice(0, from) + text + one.slice(from + (from % 3))
    }
    return written.join('\n')
  })

const said: fc.Arbitrary<SaidOfRecording> = fc.record({
  timeUnit: fc.constantFrom(undefined, 's', 'ms', 'us', 'ns'),
  column: fc.constantFrom(undefined, 'time', 'x'),
  requestsPerConnection: fc.constantFrom<(number | 'logged' | undefined)[]>(undefined, 1, 3, 'logged'),
  port: fc.constantFrom(undefined, '80', '1'),
  frontend: fc.constantFrom(undefined, 'web'),
  betweenMs: fc.constantFrom(undefined, 1000),
  counters: fc.constantFrom(undefined, 'total', 'since-last'),
})

test('any file gives times that begin at zero and never go back, or is refused in words with its name', () => {
  let taken = 0
  const property = fc.property(
    fc.oneof({ weight: 5, arbitrary: file }, fc.string({ unit: 'binary' })),
    said,
    (text, how) => {
      try {
        const { atMs, source } = parseRecording('arrivals.log', text, how)
        taken++
        assert.equal(atMs[0], 0)
        for (const [i, time] of atMs.entries()) assert.ok(Number.isFinite(time) && time >= (atMs[i - 1] ?? 0))
        assert.match(source, /^[\d,]+ arrivals over .*recorded in arrivals.log/s)
      } catch (error) {
        assert.ok(error instanceof UsageError, error instanceof Error ? error.stack : String(error))
        assert.ok(error.message.startsWith('arrivals.log'), error.message)
      }
    },
  )
  fc.assert(property, { numRuns: 4000 })
  assert.ok(taken > 500, `only ${taken} files were taken`)
})

test('the size of a Unix time tells its unit, whatever the heading of its column is, unless that names another one', () => {
  const property = fc.property(
    fc.integer({ min: 1_000_000_000, max: 2_000_000_000 }),
    fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 2, maxLength: 20 }),
    fc.constantFrom<[string, number]>(['s', 1], ['ms', 1e3], ['us', 1e6], ['ns', 1e9]),
    fc.constantFrom('time', 'ts', 'foo', 'started', 'Date', 'elapsed'),
    (epoch, gaps, [unit, inSecond], heading) => {
      let ms = 0
      const at = gaps.map((gap) => (ms += gap))
      const cell = (one: number): string =>
        unit === 's'
          ? (epoch + one / 1000).toFixed(3)
          : String(BigInt(epoch) * BigInt(inSecond) + (BigInt(one) * BigInt(inSecond)) / 1000n)
      const { atMs } = parseRecording('a.csv', [heading, ...at.map(cell)].join('\n'))
      assert.equal(atMs.length, at.length)
      for (const [i, one] of at.entries())
        assert.ok(Math.abs(atMs[i]! - (one - at[0]!)) < 0.01, `${atMs[i]} for ${one}`)
    },
  )
  fc.assert(property)
})

test('a log gives back the beginnings of its requests in order, though it was written at their ends', () => {
  const requests = fc.array(fc.tuple(fc.nat({ max: 50_000 }), fc.nat({ max: 5000 })), { minLength: 2, maxLength: 40 })
  fc.assert(
    fc.property(requests, (all) => {
      const begun = all.map(([at]) => at).toSorted((a, b) => a - b)
      fc.pre(new Set(begun).size === begun.length)
      const ends = all.toSorted(([a, took], [b, other]) => a + took - b - other)
      const text = ends
        .map(([at, took]) => JSON.stringify({ time: 1_795_707_360_000 + at + took, responseTime: took, res: {} }))
        .join('\n')
      // Ends at one moment would be those of a coarse clock.
      fc.pre(new Set(ends.map(([at, took]) => at + took)).size === ends.length)
      assert.deepEqual(
        [...parseRecording('a.log', text).atMs],
        begun.map((at) => at - begun[0]!),
      )
    }),
  )
})

test('counts are kept to the last arrival, and stay in their intervals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 50 }), { minLength: 2, maxLength: 30 }),
      fc.constantFrom(1, 10, 60),
      (counts, step) => {
        const all = counts.reduce((sum, count) => sum + count, 0)
        fc.pre(all > 2 && counts.some((count) => count !== 1) && counts.filter((count) => count > 0).length > 1)
        const text = ['time_s,count', ...counts.map((count, i) => `${i * step},${count}`)].join('\n')
        const { atMs } = parseRecording('a.csv', text)
        assert.equal(atMs.length, all)
        assert.ok(atMs.at(-1)! <= counts.length * step * 1000)
      },
    ),
  )
})
