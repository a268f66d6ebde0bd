import assert from 'node:assert/strict'
import test from 'node:test'
import { experimentOf, shardOf, stateOf } from '#live/testing/state.ts'
import { marksBetween } from './marks.ts'

test('whatever is done to the lab is marked: faults, what mends them, settings and loads', () => {
  const before = stateOf()
  const marks = marksBetween(
    before,
    stateOf({
      shards: [shardOf(1, { stalled: true }), shardOf(2, { state: 'closed' }), shardOf(3, { limit: 8, backlog: 8 })],
      sysctls: { ...before.sysctls, syncookies: 0 },
      steering: { by: 'member', member: 1 },
      loads: [{ name: 'gentle', running: true, amount: 300, error: undefined }],
    }),
  )
  assert.deepEqual(
    marks.map(({ kind, text }) => `${kind}: ${text}`),
    [
      'fault: 1 stalled',
      'fault: 2 closed',
      'setting: 3 backlog 8',
      'setting: syncookies=0',
      'setting: all to shard 2',
      'load: gentle load 300/s',
    ],
  )
  assert.deepEqual(marksBetween(before, before), [])
})

test('a backlog that the kernel has capped is marked as it is in force, with what was asked', () => {
  const before = stateOf({ shards: [shardOf(1)] })
  const after = stateOf({ shards: [shardOf(1, { limit: 4096, backlog: 99_999_999 })] })
  assert.deepEqual(
    marksBetween(before, after).map(({ text }) => text),
    ['1 backlog 4,096 (99,999,999 asked)'],
  )
})

test('each phase of an experiment is marked once, when it began', () => {
  const experiment = (phases: number[]) =>
    experimentOf({ phases: phases.map((timeMs) => ({ name: `at ${timeMs}`, timeMs })) })
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
