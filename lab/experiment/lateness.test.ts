import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import type { LoadReport } from '#load/agent/api.ts'
import { Progress } from '#load/progress.ts'
import { plan } from '../testing/plan.ts'
import { type Entry, Journal, readJournal } from './journal.ts'
import { lateInWords, worstOf, worstOfEach } from './lateness.ts'
import type { Recording } from './recording.ts'

function recorded(context: TestContext, entries: readonly Entry[]): Recording {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-lateness-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'journal.ndjson')
  using journal = new Journal(file)
  for (const entry of [{ is: 'case', name: 'lab', plan } as const, ...entries]) journal.write(entry)
  assert.deepEqual(readJournal(file), journal.recordings)
  return journal.recordings[0]!
}

const begins = (name: string, atMs: number): Entry => ({ is: 'phase begins', name, atMs })

const readAt = (cookie: string, ...atMs: number[]): Entry => {
  const column = (value: number): number[] => atMs.map(() => value)
  return {
    is: 'samples',
    samples: {
      netns: 'lab',
      listeners: {
        atMs,
        cookie: atMs.map(() => cookie),
        address: atMs.map(() => ''),
        port: column(8080),
        shard: column(1),
        length: column(0),
        limit: column(8),
        drops: column(0),
      },
      synQueue: { atMs: [], address: [], port: [], length: [], limit: [] },
      connections: {
        ...{ atMs: [], address: [], port: [], established: [], waiting: [], oldestWaitMs: [] },
        ...{ receiveBytes: [], sendBytes: [], zeroWindows: [], waitingFinished: [] },
      },
      counters: { atMs: [], name: [], value: [] },
    },
  }
}

test('of what is late, the worst of each kind in each phase is kept, and nothing from before the first', (context) => {
  const { lateness } = recorded(context, [
    { is: 'late', what: 'timers', lateMs: 900 },
    begins('stall', 100),
    { is: 'late', what: 'timers', lateMs: 20 },
    { is: 'late', what: 'timers', lateMs: 70 },
    { is: 'late', what: 'switches', lateMs: 30 },
    begins('burst', 200),
    { is: 'late', what: 'timers', lateMs: 40 },
  ])
  assert.deepEqual(lateness, [
    { what: 'timers', lateMs: 70, phase: 'stall' },
    { what: 'switches', lateMs: 30, phase: 'stall' },
    { what: 'timers', lateMs: 40, phase: 'burst' },
  ])
  assert.deepEqual(
    worstOfEach(lateness).map(({ what, lateMs }) => [what, lateMs]),
    [
      ['timers', 70],
      ['switches', 30],
    ],
  )
  assert.equal(worstOf(lateness)?.lateMs, 70)
  assert.equal(worstOf([]), undefined)
})

test('a socket that goes unread for longer than planned is late in the phase in which it is read again', (context) => {
  const { lateness } = recorded(context, [
    begins('stall', 100),
    readAt('a', 101, 111, 161),
    begins('burst', 170),
    readAt('a', 171, 471),
  ])
  assert.deepEqual(lateness, [
    { what: 'samples', lateMs: 40, phase: 'stall' },
    { what: 'samples', lateMs: 290, phase: 'burst' },
  ])
})

test('a socket that comes anew was not unread before it was there', (context) => {
  const { lateness } = recorded(context, [begins('stall', 100), readAt('a', 101, 111), readAt('b', 900, 910)])
  assert.deepEqual(lateness, [])
})

const ended = (changes: Partial<LoadReport>): LoadReport => ({
  ...new Progress().report(),
  id: 'load-1',
  kind: 'connections',
  state: 'done',
  elapsedMs: 1000,
  ...changes,
})
const lag = (p99: number) => ({ count: 100, min: 0, mean: 1, stdev: 1, p50: 1, p90: 2, p99, p999: p99, max: 2 * p99 })

test('arrivals of a paced load are late in the phase in which it began, and those of a burst have no pace', (context) => {
  const paced = { kind: 'connections', arrivals: { shape: 'constant', ratePerSecond: 100, durationMs: 1000 } } as const
  const burst = { kind: 'connections', arrivals: { shape: 'burst', connections: 100 } } as const
  for (const [order, expected] of [
    [paced, ['arrivals', 'clients']],
    [burst, ['clients']],
  ] as const) {
    const { lateness } = recorded(context, [
      begins('load', 100),
      { is: 'load begins', id: 'load-1', phase: 'load', order },
      begins('afterwards', 1100),
      { is: 'load ends', id: 'load-1', report: ended({ scheduleLagMs: lag(120), clientLagMs: 80 }), records: [] },
    ])
    assert.deepEqual(
      lateness.map(({ what, phase }) => [what, phase]),
      expected.map((what) => [what, 'load']),
    )
  }
})

test('each kind is told in words of its own', () => {
  assert.equal(lateInWords({ what: 'arrivals', lateMs: 1230 }), 'connections began up to 1.23 s late')
  assert.equal(lateInWords({ what: 'timers', lateMs: 0.2 }), 'timers of an idle process fired up to 1 ms late')
})
