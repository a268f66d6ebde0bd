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
  const matrix = { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values: [[1, '2']] }] } }
  assert.throws(() => read(JSON.stringify(matrix)), { message: /answer of a Prometheus/ })
  assert.throws(() => read('Running 30s test @ http://127.0.0.1:8080/\n  12 threads and 400 connections'), {
    message: /summary of a load test/,
  })
})
