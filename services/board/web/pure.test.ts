/** What the page computes without a browser. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { marksBetween } from './charts/marks.ts'
import { History, KEPT_MS } from './charts/series.ts'
import { bytes, count, duration, percent } from './page/format.ts'
import { Ages, staleness } from './picture/ages.ts'
import { gridOf, layoutOf, scatter } from './picture/layout.ts'
import { shardInWords } from './picture/shard-words.ts'

test('numbers carry units and stay short', () => {
  assert.deepEqual([0, 0.4, 9.96, 12.4, 1234].map(count), ['0', '0.4', '10.0', '12', '1,234'])
  assert.deepEqual([0, 999, 1000, 63_400, 700_000, 2e9].map(bytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '63.4 kB',
    '700 kB',
    '2.0 GB',
  ])
  assert.deepEqual([4, 999, 1000, 61_000].map(duration), ['4 ms', '999 ms', '1.0 s', '1 min 1 s'])
  assert.equal(percent(129 / 129), '100 %')
})

test('nothing of the picture lies on anything else or outside, from 1 to 32 shards and for shared processes', () => {
  for (const width of [1000, 1400])
    for (const processes of [[1], [4], [32], ...[2, 3, 4, 5, 8, 10, 11, 32].map((n) => Array<number>(n).fill(1))]) {
      const { lanes, gutter } = layoutOf(width, processes)
      const boxes = lanes.flatMap((lane) => lane.processes)
      for (const row of [lanes.map(({ tank }) => tank), boxes])
        for (const [index, { x, w }] of row.entries()) {
          const next = row[index + 1]?.x ?? width
          assert.ok(w > 4 && x >= gutter - 1, `${processes} at ${width}`)
          assert.ok(x + w <= next + 0.01, `${processes} at ${width}: ${x} + ${w} > ${next}`)
        }
    }
})

test('the grid has a cell for each request that fits, or one for several, and all of it lies in its box', () => {
  const box = { x: 0, y: 0, w: 816, h: 60 }
  for (const capacity of [1, 3, 27, 129, 387, 600, 601, 12_291, 1_000_000]) {
    const { cells, each, columns, pitch } = gridOf(box, capacity)
    assert.ok(cells * each >= capacity && (cells - 1) * each < capacity, `${capacity}`)
    assert.ok(Math.ceil(cells / columns) * pitch <= box.h + 0.01 && columns * pitch <= box.w + 0.01, `${capacity}`)
    assert.deepEqual(
      [...scatter(cells)].sort((a, b) => a - b),
      Array.from({ length: cells }, (_, index) => index),
    )
  }
})

test('the age of a queue is exact where it can be told, else at most the time since it was seen empty', () => {
  const ages = new Ages()
  const see = (monotonicMs: number, ...lengths: number[]) =>
    ages.see(
      stateOf({
        monotonicMs,
        shards: lengths.map((length, index) =>
          shardOf(index + 1, {
            length,
            acceptsPerSecond: 0,
            stalled: true,
            oldestWaitMs: length === 0 ? 0 : undefined,
          }),
        ),
        portView: { ...stateOf().portView!, oldestWaitMs: 5000 },
      }),
    )
  see(1000, 0, 0)
  see(1100, 4, 0)
  const later = see(3000, 4, 2)
  assert.deepEqual(later.get(1), { oldestMs: 2000, atMost: true, newestMs: 1900 })
  assert.equal(later.get(2)?.newestMs, 0)
  const alone = ages.see(stateOf({ monotonicMs: 3100, shards: [shardOf(1, { length: 4, oldestWaitMs: 1234 })] }))
  assert.deepEqual([alone.get(1)?.oldestMs, alone.get(1)?.atMost], [1234, false])
})

test('an age looks staler the longer it waits, and no staler than stale', () => {
  assert.deepEqual([0, 20, 10_000, 1e9].map(staleness), [0, 0, 1, 1])
  assert.ok(staleness(100) < staleness(1000))
})

test('whatever is done to the lab is marked: faults, what mends them, settings and loads', () => {
  const before = stateOf()
  const marks = marksBetween(
    before,
    stateOf({
      shards: [shardOf(1, { stalled: true }), shardOf(2, { state: 'closed' }), shardOf(3, { limit: 8 })],
      sysctls: { ...before.sysctls, syncookies: 0 },
      steering: { by: 'member', member: 1 },
      loads: [{ name: 'gentle', running: true, amount: 300, error: undefined }],
    }),
  )
  assert.deepEqual(
    marks.map(({ kind, text }) => `${kind}: ${text}`),
    [
      ...['fault: 1 stalled', 'fault: 2 closed', 'setting: 3 backlog 8'],
      ...['setting: syncookies=0', 'setting: to shard 2', 'load: load 300/s'],
    ],
  )
  assert.deepEqual(marksBetween(before, before), [])
})

test('a part that was missing is marked where that began and where it ended, once each', () => {
  const began = { part: 'exporter', how: 'SIGKILL', fromMs: 900_000, toMs: undefined } as const
  const [before, after] = [stateOf(), stateOf({ timeMs: 1_000_100, gaps: [{ ...began, toMs: 950_000 }] })]
  assert.deepEqual(
    marksBetween(before, after).map(({ timeMs, kind, text }) => [timeMs, kind, text]),
    [
      [900_000, 'fault', 'exporter ended'],
      [950_000, 'mended', 'exporter is back'],
    ],
  )
  assert.deepEqual(marksBetween(after, after), [])
  const open = stateOf({ gaps: [began] })
  assert.deepEqual(
    marksBetween(open, after).map(({ text }) => text),
    ['exporter is back'],
  )
})

test('each phase of an experiment is marked once, when it began', () => {
  const experiment = (phases: number[]) => ({
    ...{ name: 'handshake', running: true, status: undefined, reason: undefined, expectations: [], folder: undefined },
    phases: phases.map((timeMs) => ({ name: `at ${timeMs}`, timeMs })),
  })
  const [none, one, two] = [
    stateOf(),
    stateOf({ experiment: experiment([5]) }),
    stateOf({ experiment: experiment([5, 9]) }),
  ]
  assert.deepEqual(
    marksBetween(none, one).map(({ timeMs }) => timeMs),
    [5],
  )
  assert.deepEqual(
    marksBetween(one, two).map(({ timeMs }) => timeMs),
    [9],
  )
  assert.deepEqual(marksBetween(two, two), [])
})

test('the history keeps five minutes, and what a server kept fills the gap of a lost stream', () => {
  const history = new History()
  for (let timeMs = 0; timeMs <= KEPT_MS + 60_000; timeMs += 100)
    history.add(stateOf({ timeMs: timeMs + 1, sequence: timeMs }))
  const first = history.points[0]?.timeMs ?? 0
  assert.ok(first <= 60_001 && first > 40_000, `${first}`)
  const page = new History()
  page.add(stateOf({ timeMs: KEPT_MS + 70_000, sequence: 9 }))
  page.restore(history)
  assert.equal(page.points.length, history.points.length + 1)
  assert.deepEqual(page.points.at(-1)?.sequence, 9)
})

test('a shard tells its figures in words', () => {
  const words = shardInWords(shardOf(2, { length: 129, drops: 7, dropsPerSecond: 3 }), {
    oldestMs: 400,
    atMost: true,
    newestMs: 0,
  })
  assert.match(
    words,
    /^Shard 2: 129 of 129 wait, the oldest for at most 400 ms;.* 3 drops a second, 7 in all\. 100 accepts/,
  )
  assert.match(shardInWords(shardOf(1, { state: 'closed' }), undefined), /closed its listener/)
})
