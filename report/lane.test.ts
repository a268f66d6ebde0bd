import assert from 'node:assert/strict'
import test from 'node:test'
import { lanesOf } from './lane.ts'
import { recording, runOf } from './testing/runs.ts'

test('tables become series of a case, counted from its first phase', () => {
  const [lane] = lanesOf([runOf([recording()])], ['a'])
  assert.ok(lane !== undefined)
  assert.equal(lane.label, '')
  assert.equal(lane.shards.length, 1)
  assert.deepEqual(lane.shards[0]?.length[0], { t: 0, v: 0 })
  assert.deepEqual(lane.span, [0, 1000])
  assert.deepEqual(lane.counters.get('ListenDrops'), [{ t: 400, v: 41 }])
  assert.ok(!lane.counters.has('RtoMin'), 'what did not move is no series')
})

test('what never happened to a connection is no number', () => {
  const [lane] = lanesOf([runOf([recording()])], ['a'])
  const [never, served] = lane?.connections ?? []
  assert.deepEqual([never?.outcome, never?.connectMs, never?.backend], ['timedOut', Number.NaN, undefined])
  assert.deepEqual([served?.outcome, served?.connectMs, served?.backend], ['ok', 1, 'backend-1'])
})

test('a run and a case are told apart by name only where there are several', () => {
  const [small, large] = [recording('small'), recording('large')]
  const labels = (runs: Parameters<typeof lanesOf>[0]): string[] => lanesOf(runs, ['a', 'b']).map(({ label }) => label)
  assert.deepEqual(labels([runOf([small, large])]), ['small', 'large'])
  assert.deepEqual(labels([runOf([small]), runOf([small])]), ['a', 'b'])
  assert.deepEqual(labels([runOf([small, large]), runOf([small])]), ['a · small', 'a · large', 'b'])
})

test('a listener that was closed for a while leaves a hole', () => {
  const { listeners } = recording()
  const keep = listeners.atMs.map((ms) => ms < 1400 || ms > 1700)
  const without = (values: number[]): number[] => values.filter((_, row) => keep[row])
  const closed = recording('lab', {
    listeners: {
      atMs: without(listeners.atMs),
      shard: without(listeners.shard),
      length: without(listeners.length),
      limit: without(listeners.limit),
      drops: without(listeners.drops),
    },
  })
  const [lane] = lanesOf([runOf([closed])], ['a'])
  assert.deepEqual(
    lane?.shards[0]?.length.filter(({ v }) => Number.isNaN(v)).map(({ t }) => t),
    [390],
  )
})
