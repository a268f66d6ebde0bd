import assert from 'node:assert/strict'
import test from 'node:test'
import { waitBoundsUs } from '#kernel/bpf/event-record.ts'
import type { Table } from '#lab/experiment/folder.ts'
import { emptyRecording, type ListenerBoundary } from '#lab/experiment/recording.ts'
import { plan } from '#lab/testing/plan.ts'
import { cardHtml } from './card.ts'
import { reportHtml } from './report.ts'
import { recording, runOf } from './testing/runs.ts'

/** What a slip in a template or in arithmetic would leave behind. */
const slips = /NaN|undefined|Infinity|\[object/

const textOf = (page: string): string =>
  page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')

/** The page without its own style and script, where such words are code. */
const bodyOf = (page: string): string => page.replace(/<(style|script)>.*?<\/\1>/gs, '')

test('a run has every section that has something to show', () => {
  const page = reportHtml([runOf([recording()])])
  assert.doesNotMatch(bodyOf(page), slips)
  for (const words of [
    'A queue holds N + 1.',
    'the queue holds one more',
    'Accept queue',
    'Drops, by socket',
    'backend 1 stalls',
    'Time to connect',
    'Latency by percentile',
    'ListenOverflows = ListenDrops',
    'spillway run small',
    'ms for lateness',
  ])
    assert.ok(textOf(page).includes(words), words)
  assert.doesNotMatch(textOf(page), /SYN queue|Receive queues|Closed windows|The loads/)
})

test('an exact run says what its peaks and waits are beside what samples saw, a sampled one that they are sampled', () => {
  const counts = (at: number, peak: number): NonNullable<ListenerBoundary['exact']> => ({
    ...{ peak, joined: 50 * at, timesFull: 2 * at },
    accepted: {
      connections: 40 * at,
      waitSumMs: 400 * at,
      waits: waitBoundsUs.map((us) => (us === 10_000 ? 40 * at : 0)),
    },
  })
  const exact = recording('lab', {
    boundaries: recording().boundaries.map((boundary, at) => ({
      ...boundary,
      listeners: boundary.listeners.map((listener) => ({ ...listener, exact: counts(at, 9) })),
    })),
    exactPeaks: { a: { shard: 1, peak: 17 } },
  })
  const text = textOf(reportHtml([runOf([exact])]))
  assert.match(text, /peak 17 \(exact\), of which samples saw 9, full 2 times, full at 9/)
  assert.match(text, /Accept wait, exact .* shard 1 40 10.ms ≤ 10.ms ≤ 10.ms ≤ 10.ms ≤ 10.ms/)
  assert.match(text, /5.ms to 10.ms 40 100.% 100.%/)
  assert.doesNotMatch(text, slips)
  const sampled = textOf(reportHtml([runOf([recording()])]))
  assert.match(sampled, /peak 9 \(sampled\), full at 9/)
  assert.doesNotMatch(sampled, /exact/)
})

test('a page refers to nothing outside itself', () => {
  const page = bodyOf(reportHtml([runOf([recording()])]))
  assert.doesNotMatch(page, /(?:src|href)="(?!#|data:)/)
  assert.match(page, /default-src &#39;none&#39;/)
})

for (const [what, recordings] of [
  ['no case at all', []],
  ['a case in which nothing was recorded', [emptyRecording('lab', plan)]],
  ['samples without a phase', [recording('lab', { phases: [] })]],
  ['a phase without samples', [{ ...emptyRecording('lab', plan), phases: recording().phases }]],
  [
    'a phase that was cut off',
    [recording('lab', { phases: [{ name: 'stall', beganMs: 1000, endedMs: Number.NaN, result: null }] })],
  ],
  [
    'connections that all began at once',
    [
      recording('lab', {
        records: recording()
          .records.slice(0, 2)
          .map((record) => ({ ...record, startedMs: 1300 })),
      }),
    ],
  ],
] as const)
  test(`${what} is a report too`, () => {
    const page = reportHtml([runOf(recordings, { status: 'not judged', reason: 'the run was cut off', lagMs: null })])
    assert.doesNotMatch(bodyOf(page), slips)
    assert.match(textOf(page), /The run was cut off\./)
    assert.match(textOf(page), /not known: the run did not finish/)
  })

test('samples that are not numbers are left out', () => {
  const run = runOf([recording()])
  for (const table of Object.values<Table>({ ...run.tables }))
    for (const [name, column] of Object.entries(table))
      if (name !== 'case') table[name] = column.map((value, row) => [null, Number.NaN, undefined, value][row % 4])
  assert.doesNotMatch(bodyOf(reportHtml([run])), slips)
})

test('nothing that a run says becomes HTML', () => {
  const evil = '<img src=x onerror=alert(1)>"\'&'
  const { expectations } = runOf([]).verdict
  const run = runOf(
    [
      recording(evil, {
        events: [{ atMs: 1005, what: evil }],
        phases: [{ name: evil, beganMs: 1000, endedMs: 2000, result: null }],
        records: recording().records.map((record, at) => ({ ...record, backend: `${evil}${at % 2}` })),
      }),
      recording('other'),
    ],
    {
      experiment: evil,
      teaches: evil,
      sources: [evil],
      reason: evil,
      again: evil,
      expectations: expectations.map((one) => ({ ...one, sentence: evil })),
    },
  )
  for (const page of [reportHtml([run]), reportHtml([run, { ...run, folder: `/runs/${evil}` }])])
    assert.doesNotMatch(page, /<img/)
  assert.doesNotMatch(cardHtml([{ verdict: run.verdict, href: 'x' }]), /<img/)
})

test('several runs have a column each, and say where their bands differ', () => {
  const [first, second] = [runOf([recording()]), runOf([recording()], {}, '/runs/b/small')]
  const [expectation] = second.verdict.expectations
  Object.assign(expectation!, { seen: 7, passed: false, band: { low: 8, high: 8, unit: '' } })
  const words = textOf(reportHtml([first, second]))
  assert.match(words, /expectation counted by a b /)
  assert.match(words, /✓ pass 9 of 9 .*✗ fail 7 of 8/)
  assert.match(words, /who is dropped waits expected 900 to 1103/)
})

test('runs of several experiments have a chapter each, and a table that leads there', () => {
  const page = reportHtml([runOf([recording()]), runOf([recording()], { experiment: 'large' })])
  for (const name of ['small', 'large']) assert.match(page, new RegExp(`href="#${name}".*id="${name}"`, 's'))
})

test('a long run stays a small file', () => {
  const count = 60_000
  const atMs = Array.from({ length: count }, (_, at) => 1000 + at * 10)
  const long = recording('lab', {
    listeners: {
      atMs,
      shard: atMs.map(() => 1),
      length: atMs.map((_, at) => (at * 7919) % 10),
      limit: atMs.map(() => 8),
      drops: atMs.map((_, at) => at),
    },
    records: Array.from({ length: 20_000 }, (_, at) => ({
      load: 'load-1',
      phase: 'burst',
      outcome: 'ok',
      scheduledMs: 1000 + at * 30,
      startedMs: 1000 + at * 30,
      connectedMs: 1000 + at * 30 + ((at * 7919) % 3000),
    })),
  })
  assert.ok(reportHtml([runOf([long])]).length < 500_000)
})

test('the conformance card counts verdicts and leads to the reports', () => {
  const [good, bad] = [runOf([]).verdict, runOf([], { status: 'failed', experiment: 'large' }).verdict]
  const page = cardHtml([
    { verdict: good, href: 'small/report.html' },
    { verdict: bad, href: 'large/report.html' },
  ])
  assert.match(textOf(page), /Linux 6\.18\.44 .* ✓ 1 passed ✗ 1 failed .* 2 of 2/)
  assert.match(page, /href="large\/report\.html"/)
})
