import assert from 'node:assert/strict'
import test from 'node:test'
import type { HostRow, HostView } from '#live/host/rows.ts'
import { Choice } from './choice.ts'
import { draw, type Screen, table } from './screen.ts'

const rowOf = (changes: Partial<HostRow>): HostRow => ({
  key: changes.place ?? 'a',
  kind: 'tcp',
  netns: '',
  place: '0.0.0.0:80',
  port: 80,
  shard: 1,
  shards: 1,
  process: 'nginx',
  pids: [12],
  acceptors: [12],
  unit: '',
  container: '',
  length: 0,
  room: 512,
  peak: 0,
  fullSeconds: 0,
  fullSecondsTotal: 0,
  drops: 0,
  dropsPerSecond: 0,
  oldestWaitMs: 0,
  waitIsBound: false,
  happenedMs: undefined,
  portSample: undefined,
  ...changes,
})

const viewOf = (rows: HostRow[], changes: Partial<HostView> = {}): HostView => ({
  timeMs: 0,
  namespaces: [{ netns: '', movedPerSecond: [] }],
  rows,
  ages: { listeners: 5, connections: 300 },
  sampleIntervalMs: 10,
  peaksAreExact: false,
  ownersAreKnown: true,
  ...changes,
})

const screenOf = (changes: Partial<Screen> = {}): Screen => ({
  columns: 80,
  rows: 24,
  colour: false,
  source: 'Linux 6.18, read every 10 ms',
  sentences: [],
  notice: undefined,
  ageMs: 0,
  ...changes,
})

const many = Array.from({ length: 40 }, (_, index) =>
  rowOf({ key: `k${index}`, place: `127.0.0.1:${9000 + index}`, port: 9000 + index }),
)

test('a screen of 80 by 24 holds 24 lines of at most 80 columns, whatever is to be shown', () => {
  const choice = new Choice()
  choice.help = true
  choice.expanded = true
  const long = rowOf({
    place: `/run/${'deep/'.repeat(40)}socket`,
    process: 'a-process-with-a-long-name',
    length: 123_456,
    room: 123_456,
  })
  for (const [columns, rows] of [
    [80, 24],
    [40, 12],
    [200, 50],
    [20, 5],
  ] as const) {
    const lines = draw(viewOf([...many, long]), choice, screenOf({ columns, rows, sentences: ['x '.repeat(300)] }))
    assert.equal(lines.length, rows)
    for (const line of lines) assert.ok(line.length <= columns, `${line.length} > ${columns}: ${line}`)
  }
})

test('what spills stands first, then what has just spilled, then the fullest; the rest keeps its place', () => {
  const rows = [
    ...many.slice(0, 3),
    rowOf({ place: '10.0.0.1:1', length: 300 }),
    rowOf({ place: '10.0.0.1:2', happenedMs: 4000 }),
    rowOf({ place: '10.0.0.1:3', dropsPerSecond: 2 }),
  ]
  const places = new Choice().arrange(rows).map(({ place }) => place)
  assert.deepEqual(places, [
    '10.0.0.1:3',
    '10.0.0.1:2',
    '10.0.0.1:1',
    '127.0.0.1:9000',
    '127.0.0.1:9001',
    '127.0.0.1:9002',
  ])
})

test('the row that is chosen is seen, however far down it stands, and stays chosen when others come', () => {
  const choice = new Choice()
  choice.order = 'place'
  draw(viewOf(many), choice, screenOf())
  for (let step = 0; step < 30; step++) choice.key('j')
  const chosen = draw(viewOf(many), choice, screenOf()).find((line) => line.startsWith('>'))
  assert.match(chosen ?? '', /127\.0\.0\.1:9030/)
  const more = [rowOf({ key: 'new', place: '127.0.0.1:80' }), ...many]
  assert.match(draw(viewOf(more), choice, screenOf()).find((line) => line.startsWith('>')) ?? '', /127\.0\.0\.1:9030/)
})

test('a filter takes its words from addresses, processes, units and pids; escape takes it back', () => {
  const choice = new Choice()
  const rows = [...many, rowOf({ place: '/run/php.sock', process: 'php-fpm', unit: 'php.service', pids: [4711] })]
  for (const key of '/php 47') choice.key(key)
  assert.equal(choice.typing, true)
  assert.deepEqual(
    choice.arrange(rows).map(({ place }) => place),
    ['/run/php.sock'],
  )
  choice.key('q')
  assert.equal(choice.filter, 'php 47q', 'while typing q is a letter')
  choice.key('\x1b')
  assert.equal(choice.arrange(rows).length, rows.length)
  assert.equal(choice.key('q'), true)
})

test('a full queue is told by its numbers, its mark and the heading; what is not known is a dash', () => {
  const rows = [
    rowOf({ length: 512, peak: 512, happenedMs: 0, dropsPerSecond: 30, drops: 1200 }),
    rowOf({
      kind: 'unix',
      place: '/a',
      process: '',
      pids: [],
      drops: undefined,
      dropsPerSecond: undefined,
      oldestWaitMs: undefined,
    }),
  ]
  const [first, , , full, unix] = draw(viewOf(rows), new Choice(), screenOf({ columns: 120 }))
  assert.match(first ?? '', /^2 queues · 1 full · Linux 6\.18, read every 10 ms/)
  assert.match(full ?? '', /^>●0\.0\.0\.0:80 +nginx 12 .*█ +512 of 512 +512 +0 ms +0 ms +30 +1,200$/)
  assert.match(unix ?? '', /^ {2}\/a +– +0 of 512 +0 +0 ms +– +– +–$/)
})

test('what was read long ago says so, and what does not come at all too', () => {
  const [head] = draw(
    viewOf(many, { ages: { listeners: 900, connections: 4000 } }),
    new Choice(),
    screenOf({ columns: 160 }),
  )
  assert.match(head ?? '', /queues up to 900 ms old · waits up to 4 s old/)
  const lost = draw(
    viewOf(many),
    new Choice(),
    screenOf({ columns: 160, ageMs: 4200, notice: 'The exporter does not answer' }),
  )
  assert.match(lost[0] ?? '', /no reading for 4\.2 s/)
  assert.ok(lost.includes('The exporter does not answer'))
})

test('printed once, every row is there and nothing of the keys', () => {
  const lines = table(viewOf(many), new Choice(), screenOf({ rows: 0 }))
  assert.equal(lines.length, 3 + many.length)
  assert.ok(!lines.some((line) => line.includes('[q]')))
})

test('colours are only where they are wanted', () => {
  const rows = [rowOf({ length: 512, happenedMs: 0, dropsPerSecond: 3 })]
  assert.ok(
    draw(viewOf(rows), new Choice(), screenOf({ colour: true }))
      .join('')
      .includes('\x1b[31m'),
  )
  assert.ok(!draw(viewOf(rows), new Choice(), screenOf()).join('').includes('\x1b'))
})

test('a bound is shown as one, a frozen view tells its age, and a sentence that is cut says so', () => {
  const rows = [rowOf({ length: 3, oldestWaitMs: 2100, waitIsBound: true })]
  const choice = new Choice()
  choice.key(' ')
  const lines = draw(viewOf(rows), choice, screenOf({ columns: 120, ageMs: 12_000, sentences: ['word '.repeat(100)] }))
  assert.match(lines[0] ?? '', /frozen, 12 s old/)
  assert.doesNotMatch(lines[0] ?? '', /no reading/)
  assert.match(lines[3] ?? '', / ≤ 2\.1 s /)
  assert.equal(lines.filter((line) => /^word .*…$/.test(line)).length, 1)
})

test('details count in good English, and do not say that nobody may see whose a UDP socket is', () => {
  const portSample = { address: '0.0.0.0', port: 80, used: true, waiting: 1, waitingFinished: 1 }
  const choice = new Choice()
  choice.key('\r')
  const shown = (row: HostRow): string => draw(viewOf([row]), choice, screenOf({ columns: 160 })).join('\n')
  assert.match(shown(rowOf({ portSample })), /1 connection waits at this port · 1 of them has hung up/)
  const udp = shown(rowOf({ kind: 'udp', pids: [], process: '' }))
  assert.match(udp, /whose it is is not looked for/)
  assert.doesNotMatch(udp, /may not be seen/)
})

test('of the row that is expanded those who wait are shown in order, as many as fit, and the rest is counted', () => {
  const choice = new Choice()
  choice.expanded = true
  const first = Array.from({ length: 12 }, (_, index) => ({
    address: index === 0 ? '::1' : '10.0.0.7',
    port: 40_000 + index,
    waitMs: 1200 - index,
    unreadBytes: index === 1 ? 512 : 0,
    client: index === 2 ? ('reset' as const) : index === 3 ? ('finished' as const) : ('connected' as const),
  }))
  const rows = [rowOf({ place: '0.0.0.0:80', length: 70, cookie: '5' })]
  const linesWith = (line: Screen['line']): string =>
    draw(viewOf(rows), choice, screenOf({ rows: 40, line })).join('\n')
  const shown = linesWith({ monotonicMs: 0, length: 70, limit: 511, first })
  assert.match(shown, /in the order in which accept\(\) takes them \(exact\)/)
  assert.match(shown, /1 {2}\[::1\]:40000 +1\.2 s/)
  assert.match(shown, /2 {2}10\.0\.0\.7:40001 +1\.2 s {2}512 B unread/)
  assert.match(shown, /3 {2}10\.0\.0\.7:40002 .* {2}reset/)
  assert.match(shown, /4 {2}10\.0\.0\.7:40003 .* {2}hung up/)
  assert.doesNotMatch(shown, /40008/)
  assert.match(shown, /and 62 more behind them/)
  assert.match(
    linesWith({ why: 'Sampled, without --exact: who waits in which order is not known' }),
    /Sampled, without/,
  )
  assert.match(linesWith({ monotonicMs: 0, length: 0, limit: 511, first: [] }), /nobody waits \(exact\)/)
})
