import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../test/support/properties.ts'
import { type MetricFamily, metricsParts, metricsText, RenderedRows, type TextFormat } from './metrics-text.ts'

const families: MetricFamily[] = [
  {
    name: 'waits_seconds_total',
    help: 'With "quotes"\nand a line.',
    type: 'counter',
    values: [
      { labels: { name: 'a"\\\n', port: 80 }, value: 1.5, createdMs: 1_700_000_000_500 },
      { labels: { name: 'b', port: 81 }, value: 2 },
    ],
  },
  { name: 'node_netstat_Tcp_InErrs', help: 'Typed as elsewhere.', type: 'untyped', values: [{ labels: {}, value: 7 }] },
  { name: 'size_bytes', help: 'A gauge.', type: 'gauge', values: [{ labels: {}, value: 3, createdMs: 5 }] },
  {
    name: 'took_seconds',
    help: 'A summary.',
    type: 'summary',
    values: [
      { labels: {}, value: 3, suffix: '_sum' },
      { labels: {}, value: 2, suffix: '_count' },
    ],
  },
  { name: 'nothing', help: 'No value.', type: 'gauge', values: [] },
]

async function openMetrics(given: MetricFamily[]): Promise<string> {
  let text = ''
  for await (const part of metricsParts(given, 'openmetrics')) text += part
  return text
}

test('the classic text has a head and the rows of each family', async () => {
  assert.equal(
    await metricsText(families),
    `# HELP waits_seconds_total With "quotes"\\nand a line.
# TYPE waits_seconds_total counter
waits_seconds_total{name="a\\"\\\\\\n",port="80"} 1.5
waits_seconds_total{name="b",port="81"} 2

# HELP node_netstat_Tcp_InErrs Typed as elsewhere.
# TYPE node_netstat_Tcp_InErrs untyped
node_netstat_Tcp_InErrs 7

# HELP size_bytes A gauge.
# TYPE size_bytes gauge
size_bytes 3

# HELP took_seconds A summary.
# TYPE took_seconds summary
took_seconds_sum 3
took_seconds_count 2

# HELP nothing No value.
# TYPE nothing gauge
`,
  )
})

test('OpenMetrics names the families of counters without _total, says units and creations, and ends in # EOF', async () => {
  assert.equal(
    await openMetrics(families),
    `# HELP waits_seconds With 'quotes'\\nand a line.
# TYPE waits_seconds counter
# UNIT waits_seconds seconds
waits_seconds_total{name="a\\"\\\\\\n",port="80"} 1.5
waits_seconds_created{name="a\\"\\\\\\n",port="80"} 1700000000.5
waits_seconds_total{name="b",port="81"} 2
# HELP node_netstat_Tcp_InErrs Typed as elsewhere.
# TYPE node_netstat_Tcp_InErrs unknown
node_netstat_Tcp_InErrs 7
# HELP size_bytes A gauge.
# TYPE size_bytes gauge
# UNIT size_bytes bytes
size_bytes 3
# HELP took_seconds A summary.
# TYPE took_seconds summary
# UNIT took_seconds seconds
took_seconds_sum 3
took_seconds_count 2
# HELP nothing No value.
# TYPE nothing gauge
# EOF
`,
  )
})

test('a family of many slices has one head, every row once and in its order, and lets others run in between', async () => {
  const rows = 5000
  const values = Array.from({ length: rows }, (_, index) => ({ labels: { index }, value: index }))
  let turns = 0
  let over = false
  const others = (async () => {
    for (; !over; turns++) await new Promise((resolve) => setImmediate(resolve))
  })()
  const text = await metricsText([{ name: 'many', help: 'Many.', type: 'gauge', values }])
  over = true
  await others
  const expected = values.map(({ value }) => `many{index="${value}"} ${value}\n`).join('')
  assert.equal(text, `# HELP many Many.\n# TYPE many gauge\n${expected}`)
  assert.ok(turns >= 5, `${turns} turns of others`)
})

async function textOf(given: MetricFamily[], format: TextFormat, rendered?: RenderedRows): Promise<string> {
  let text = ''
  for await (const part of metricsParts(given, format, rendered)) text += part
  return text
}

/** Few names, labels and values, so that one text often has what the last one had, and one row what another has. */
const someRows = fc.array(
  fc.record({
    labels: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y\n"', 3), { noNullPrototype: true }),
    value: fc.constantFrom(0, 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY),
    createdMs: fc.constantFrom(undefined, 1000, 2000),
  }),
  { maxLength: 6 },
)
const someFamilies = fc.tuple(someRows, someRows).map(([counted, measured]): MetricFamily[] => [
  { name: 'counted_total', help: 'Counted.', type: 'counter', values: counted },
  { name: 'measured', help: 'Measured.', type: 'gauge', values: measured },
])

test('a text that takes over what was rendered before is the text that is rendered anew, whatever has changed', async () => {
  const texts = fc.array(someFamilies, { minLength: 2, maxLength: 5 })
  const property = fc.asyncProperty(texts, fc.constantFrom('prometheus', 'openmetrics'), async (given, format) => {
    const rendered = new RenderedRows()
    for (const one of given) assert.equal(await textOf(one, format, rendered), await textOf(one, format))
  })
  await fc.assert(property, { numRuns: 500 })
})

test('of many slices those are taken over that have not changed, also if a text was left in the middle', async () => {
  const many = (changed: number): MetricFamily[] => [
    {
      ...{ name: 'many', help: 'Many.', type: 'gauge' },
      values: Array.from({ length: 2000 }, (_, index) => ({
        labels: { index },
        value: index === changed ? -1 : index,
      })),
    },
    ...families,
  ]
  const rendered = new RenderedRows()
  for (const changed of [-1, 3, 1999, 1999]) {
    assert.equal(await textOf(many(changed), 'prometheus', rendered), await textOf(many(changed), 'prometheus'))
    assert.equal(await textOf(many(changed), 'prometheus', rendered), await textOf(many(changed), 'prometheus'))
    let parts = 0
    for await (const _ of metricsParts(many(700), 'prometheus', rendered)) if (++parts === 3) break
  }
})
