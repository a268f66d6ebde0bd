import assert from 'node:assert/strict'
import test from 'node:test'
import type { ShardView } from '#live/state.ts'
import { labOf, shardOf } from '#live/testing/state.ts'
import { bar, draw, type Screen, wrap } from './screen.ts'

const view = labOf({
  kernel: '6.18.44-x',
  shards: [
    shardOf(1),
    shardOf(2, {
      length: 129,
      dropsPerSecond: 296,
      acceptsPerSecond: 0,
      oldestWait: { leastMs: 412, mostMs: 412 },
      stalled: true,
    }),
    shardOf(3),
  ],
  portView: { ...labOf().portView!, synQueue: { length: 37, peak: 41, limit: 384 }, receiveBytes: 63_000 },
  moved: [{ name: 'ListenOverflows', perSecond: 296 }],
})

const screen: Screen = {
  columns: 120,
  rows: 40,
  colour: false,
  metricsUrl: 'http://127.0.0.1:10511',
  loadLine: 'load  off',
  message: '',
  showHelp: false,
}

test('each shard has a row with its numbers, and the full one says so', () => {
  const lines = draw(view, screen)
  const row = lines.find((line) => line.trim().startsWith('2 '))
  assert.match(row ?? '', /█+ .*129 of 129 .* 296 .* 0 .* 412 ms {2}stalled$/)
  assert.ok(lines.some((line) => line.startsWith('SYN queue') && line.includes('37 of 387')))
  assert.ok(lines.some((line) => line.includes('ListenOverflows +296/s')))
  assert.match(
    lines[0] ?? '',
    /198\.18\.0\.2:8080 · 3 shards · backlog 128 · Linux 6\.18 +metrics http:\/\/127\.0\.0\.1:10511\/metrics$/,
  )
})

test('no line is wider than the terminal and no more lines come than it has, down to 40 columns and 8 rows', () => {
  for (const colour of [false, true])
    for (const showHelp of [false, true])
      for (let columns = 40; columns <= 200; columns += 7)
        for (const rows of [8, 12, 24, 50]) {
          const lines = draw(view, { ...screen, columns, rows, colour, showHelp })
          assert.ok(lines.length <= rows, `${lines.length} lines on ${rows} rows`)
          for (const line of lines) {
            // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
            const visible = line.replace(/\x1b\[[0-9;]*m/g, '').length
            assert.ok(visible <= columns, `${visible} characters in ${columns} columns: ${line}`)
          }
        }
})

test('at 40 columns the queue length and its drops are still there', () => {
  const row = draw(view, { ...screen, columns: 40 }).find((line) => line.trim().startsWith('2 '))
  assert.match(row ?? '', /129 of 129 +296/)
})

test('a bar shows eighths of a cell, and anything above zero', () => {
  assert.equal(bar(0, 4), '    ')
  assert.equal(bar(0.0001, 4), '▏   ')
  assert.equal(bar(0.5, 4), '██  ')
  assert.equal(bar(1, 4), '████')
  assert.equal(bar(7, 4), '████')
})

test('an unknown wait is a dash, never a zero, and one that is only bounded says so', () => {
  const rowOf = (oldestWait: ShardView['oldestWait']): string =>
    draw({ ...view, shards: [shardOf(1, { length: 2, oldestWait })] }, screen).find((line) =>
      line.trim().startsWith('1 '),
    ) ?? ''
  assert.match(rowOf(undefined), /–$/)
  assert.match(rowOf({ leastMs: 0, mostMs: 400 }), /≤ 400 ms$/)
  assert.match(rowOf({ leastMs: 2000, mostMs: undefined }), /≥ 2 s$/)
})

test('wrapping breaks at spaces and loses no word', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrap('abcdefghij', 4), ['abcd', 'efgh', 'ij'])
})

test('what is old says so, names what is missing, and explains nothing', () => {
  const gaps = [{ part: 'exporter', how: 'SIGKILL', fromMs: view.timeMs, toMs: undefined }] as const
  const lines = draw({ ...view, gaps }, { ...screen, ageMs: 2400 })
  const text = lines.join(' ')
  assert.match(text, /No sample for 2\.4 s: what is shown is old\. The exporter has ended \(SIGKILL\)/)
  assert.doesNotMatch(text, /moved|is full/)
  assert.match(
    draw({ ...view, gaps }, screen).join(' '),
    /The exporter has ended \(SIGKILL\).*Shard 2 is full while its neighbours idle/,
  )
})
