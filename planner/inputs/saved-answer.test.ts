/** What a Prometheus has answered, saved to a file: recognised by the names in it, by the query that is said, or asked about. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { type SaidOfAnswer, savedArrivals, savedSeries } from './saved-answer.ts'

const nothing: SaidOfAnswer = { query: undefined, samples: undefined, seed: 1 }
const EVERY_SECONDS = 15
const STEPS = 200
const PER_SECOND = 27

type Sample = [number, string]
const samples = (value: (step: number) => number, begin = 0): Sample[] =>
  Array.from({ length: STEPS }, (_, step) => [1_790_000_000 + step * EVERY_SECONDS, String(begin + value(step))])
const rising = (begin = 120_000): Sample[] => samples((step) => step * PER_SECOND * EVERY_SECONDS, begin)

const answer = (result: unknown, resultType = 'matrix'): string =>
  JSON.stringify({ status: 'success', data: { resultType, result } })
const one = (values: Sample[], metric: Record<string, string> = {}): string => answer([{ metric, values }])

const perSecond = (text: string, said: Partial<SaidOfAnswer> = {}): number => {
  const series = savedSeries('a.json', text)
  assert.ok(series !== undefined)
  const { atMs } = savedArrivals('a.json', series, { ...nothing, ...said })
  return (atMs.length / atMs.at(-1)!) * 1000
}

const refusal = (text: string, said: Partial<SaidOfAnswer> = {}): string => {
  try {
    perSecond(text, said)
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    return `${error.message} | ${error.remedy}`
  }
  assert.fail('it was read')
}

const counter = { __name__: 'node_netstat_Tcp_PassiveOpens', instance: 'a' }
const reset = rising(0).map(
  ([at, value], step): Sample => [
    at,
    step < STEPS / 2 ? value : String(Number(value) - (STEPS / 2) * PER_SECOND * EVERY_SECONDS),
  ],
)
const afterGap = rising().filter((_, step) => step < 50 || step > 80)

for (const [what, text, said] of [
  ['a counter by its name', one(rising(), counter), {}],
  ['a counter by the query', one(rising()), { query: 'sum(web_connections_total)' }],
  ['a counter because it is said', one(rising()), { samples: 'counter' as const }],
  ['a counter that was reset', one(reset, counter), {}],
  ['a counter with a gap', one(afterGap, counter), {}],
  ['a rate by the query', one(samples(() => PER_SECOND)), { query: 'sum(rate(web_connections_total[1m]))' }],
  ['a rate because it is said', one(samples(() => PER_SECOND)), { samples: 'rate' as const }],
  [
    'a recording rule by its name',
    one(
      samples(() => PER_SECOND),
      { __name__: 'job:web_connections:rate1m' },
    ),
    {},
  ],
  ['what came within a minute by the query', one(samples(() => 60 * PER_SECOND)), { query: 'increase(web_total[1m])' }],
  [
    'what came within a minute because it is said',
    one(samples(() => 60 * PER_SECOND)),
    { samples: { windowMs: 60_000 } },
  ],
  ['what promtool prints', JSON.stringify([{ metric: counter, values: rising() }]), {}],
  ['an answer that was made readable', JSON.stringify(JSON.parse(one(rising(), counter)), undefined, 2), {}],
] as const)
  test(`${what}: a load of ${PER_SECOND} connections a second is read as one`, () => {
    assert.ok(Math.abs(perSecond(text, said) / PER_SECOND - 1) < 0.05, String(perSecond(text, said)))
  })

test('what its values are is asked where neither its name nor a query says so', () => {
  assert.match(
    refusal(one(samples(() => PER_SECOND))),
    /\(from 27 to 27, never falling\).*does not hold its query \| .*--query.*--samples/,
  )
  assert.match(refusal(one(rising(), { __name__: 'opens' })), /never falling.*'opens' alone does not say it/)
  assert.match(refusal(one(rising()), { query: 'rate(web_total[1m]) * 60' }), /multiplies or divides a rate/)
})

test('several series are added up by nobody who was not told to', () => {
  const two = answer(['a', 'b'].map((instance) => ({ metric: { ...counter, instance }, values: rising() })))
  assert.match(refusal(two), /a\.json holds 2 series, which differ in instance \| Add them up: sum\(…\)/)
})

test('an answer of one moment, an empty one, a refusal and a single sample say what to do', () => {
  assert.match(
    refusal(answer([{ metric: {}, value: [1, '2'] }], 'vector')),
    /one moment \(vector\).*\| Ask for a range/,
  )
  assert.match(refusal(answer([1, '27'], 'scalar')), /one moment \(scalar\)/)
  assert.match(refusal(answer([])), /without any series/)
  assert.match(refusal(one(rising().slice(0, 1), counter)), /more than one sample \| Ask for a longer range/)
  assert.match(
    refusal(JSON.stringify({ status: 'error', error: 'parse error' })),
    /refusal of a Prometheus.*parse error/,
  )
})

test('other JSON is left to those who read logs', () => {
  for (const text of [
    '{"time":"2026-11-22T10:20:30Z"}\n{"time":"2026-11-22T10:20:31Z"}',
    '[{"time":1}]',
    'time\n1',
    '{',
  ])
    assert.equal(savedSeries('a.log', text), undefined)
})
