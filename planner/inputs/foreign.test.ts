/** Files as other programs save them: read right, or asked about; never taken for what they are not. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { parseRecording } from './recording.ts'

const lines = (heading: string[], of: (i: number) => string, count = 40): string =>
  [...heading, ...Array.from({ length: count }, (_, i) => of(i))].join('\n')
const two = (value: number): string => String(value).padStart(2, '0')
const read = (text: string) => parseRecording('x', text)
const spanMs = ({ atMs }: { atMs: Float64Array }): number => atMs.at(-1)!

test('a dashboard’s export with units in its cells is one of rates, not of arrivals', () => {
  const text = lines(['"Time","rate{instance=""a""}"'], (i) => `2026-11-26 11:${two(i)}:00,${20 + (i % 5)} req/s`)
  const { atMs, source } = read(text)
  assert.ok(Math.abs(atMs.length - 22 * 40 * 60) < 60, `${atMs.length}`)
  assert.match(source, /as arrivals a second in each 60 s/)
  const thousands = lines(['Time,conns'], (i) => `2026-11-26 11:00:${two(i)},1.5 K/s`)
  assert.equal(read(thousands).atMs.length, 1500 * 40)
})

test('values with a unit that is not known, and few of them, are asked about', () => {
  const text = lines(['Time,opens'], (i) => `2026-11-26 11:${two(i)}:00,${20 + (i % 5)} Stück`, 5)
  assert.throws(() => read(text), { message: /`opens` may count the arrivals of each/ })
})

test('CloudFront and IIS write requests below #Fields', () => {
  const cloudfront = lines(['#Version: 1.0', '#Fields: date time x-edge-location cs(Host)'], (i) =>
    ['2026-11-26', `11:00:${two(Math.floor(i / 3))}`, 'FRA2', 'a b'].join('\t'),
  )
  assert.match(
    read(cloudfront).source,
    /^40 arrivals .*extended format of the W3C.*ticks once in 1 s.*These are requests/,
  )
  const iis = lines(['#Software: IIS', '#Fields: date time s-ip'], (i) => `2026-11-26 11:00:${two(i)} 10.0.0.1`)
  assert.equal(spanMs(read(iis)), 39_000)
})

test('k6’s JSON has a line for each metric, and one of them counts requests', () => {
  const point = (metric: string, i: number): string =>
    JSON.stringify({ type: 'Point', metric, data: { time: `2026-11-26T11:00:${two(i)}.250Z`, value: 1 } })
  const text = lines([JSON.stringify({ type: 'Metric', metric: 'http_reqs', data: {} })], (i) =>
    [point('http_reqs', i), point('http_req_duration', i)].join('\n'),
  )
  assert.match(read(text).source, /^40 arrivals over 39 s, k6’s JSON output/)
})

test('hey writes in the order in which requests end, and tells when each began', () => {
  const text = lines(['response-time,DNS+dialup,status-code,offset'], (i) => `0.5,0.1,200,${((i * 7) % 40) / 10}`)
  const { atMs } = read(text)
  assert.equal(atMs.length, 40)
  assert.ok(Math.abs(atMs.at(-1)! - 3900) < 1e-6)
})

test('columns without a heading are read where the first is a Unix time', () => {
  for (const text of [
    lines([], (i) => `${1_764_154_800 + i * 0.5}\t10.0.0.1\t${30_000 + ((i * 13) % 40)}`),
    lines([], (i) => `${1_764_154_800_000_000_000 + i * 500_000_000},200,${50_000_000 + ((i * 13) % 7)},,x`),
  ])
    try {
      assert.ok(Math.abs(spanMs(read(text)) - 19_500) < 1)
    } catch (error) {
      // In even steps a number beside them may be a count.
      assert.match(String(error), /may count the arrivals of each/)
    }
})

test('Python’s logging, and spreadsheets of people who write the day first', () => {
  const python = lines([], (i) =>
    JSON.stringify({ asctime: `2026-11-26 11:00:${two(i)},250`, levelname: 'INFO', status: 200 }),
  )
  assert.equal(spanMs(read(python)), 39_000)
  const german = lines(['Zeit;Anzahl'], (i) => `26.11.2026 14:${two(i)};${3 + (i % 2)}`)
  assert.equal(read(german).atMs.length, 140)
  for (const date of ['26/11/2026', '11/26/2026'])
    assert.throws(() => read(lines(['horodatage;connexions'], (i) => `${date} 11:00:${two(i)};5`)), {
      message: /may have the day or the month first/,
    })
})

test('what no arrival can be taken from says what to type', () => {
  assert.throws(() => read('Running 30s test @ http://127.0.0.1:8080/\n  12 threads and 400 connections'), {
    message: /summary of a load test/,
  })
})

test('what a column is about is read in its heading, also where that is a query: 27 a second in each spelling', () => {
  const every15s = (heading: string, value: (i: number) => number | string) =>
    lines([`"Time","${heading.replaceAll('"', '""')}"`], (i) => `${1_790_000_000 + i * 15},${value(i)}`)
  for (const [heading, value] of [
    ['sum(rate(web_connections_total[1m]))', () => 27],
    ['sum(increase(web_connections_total[1m]))', () => 27 * 60],
    ['web_connections_total', (i: number) => 1000 + i * 27 * 15],
    ['node_netstat_Tcp_PassiveOpens{instance="a"}', (i: number) => 1000 + (i < 20 ? i : i - 20) * 27 * 15],
    ['requests per minute', () => 27 * 60],
    ['hits/h', () => 27 * 3600],
    ['rpm', () => 27 * 60],
    ['requests per 10s', () => 270],
    ['Value', () => `${27 * 60} req/min`],
    ['Value', () => '27 req/s'],
    ['requests', () => 27 * 15],
  ] as const) {
    const { atMs } = read(every15s(heading, value))
    const perSecond = (atMs.length / atMs.at(-1)!) * 1000
    assert.ok(Math.abs(perSecond / 27 - 1) < 0.04, `${heading}: ${perSecond}`)
  }
  for (const heading of ['sum(rate(web_connections_total[1m])) * 60', 'histogram_quantile(0.9, rate(a_bucket[1m]))'])
    assert.throws(() => read(every15s(heading, (i) => 1600 + (i % 2))), { message: /may count the arrivals/ }, heading)
})

test('counts that never fall may be a counter: which they are is asked, and taken from --samples', () => {
  const growing = lines(['time,requests'], (i) => `${1_790_000_000 + i * 15},${120_000 + i * 405}`)
  assert.throws(() => read(growing), { message: /never fall, from 120000 to 135795: they may be a counter/ })
  const perSecond = (samples: 'counter' | 'rate' | { windowMs: number }) => {
    const { atMs } = parseRecording('x', growing.split('\n').slice(0, 20).join('\n'), { samples })
    return (atMs.length / atMs.at(-1)!) * 1000
  }
  assert.ok(Math.abs(perSecond('counter') / 27 - 1) < 0.04)
  assert.ok(Math.abs(perSecond({ windowMs: 3_600_000 }) / 34.5 - 1) < 0.04)
})

test('what uniq -c counts in a log is a count for each second, or minute', () => {
  const each = (moment: (i: number) => string) => lines([], (i) => `${String(20 + (i % 3)).padStart(7)} ${moment(i)}`)
  for (const [text, ms] of [
    [each((i) => `14:13:${two(i)}`), 40_000],
    [each((i) => `27/Nov/2026:14:13:${two(i)}`), 40_000],
    [each((i) => `[27/Nov/2026:14:${two(i)}`), 2_400_000],
    [each((i) => `2026-11-27T14:${two(i)}`), 2_400_000],
    [lines([], (i) => `27/Nov/2026:14:13:${two(i)} ${20 + (i % 3)}`), 40_000],
  ] as const) {
    const { atMs, source } = read(text)
    assert.equal(atMs.length, 40 * 21 - 1, source)
    assert.ok(Math.abs(atMs.at(-1)! / ms - 1) < 0.05, source)
    assert.match(source, /counts of uniq -c/)
  }
})
