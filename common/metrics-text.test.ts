import assert from 'node:assert/strict'
import test from 'node:test'
import { type MetricFamily, metricsParts, metricsText } from './metrics-text.ts'

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
