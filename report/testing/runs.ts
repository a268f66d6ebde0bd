/** Runs for tests, made of recordings as the runner makes them. */
import { type Run, tablesOf } from '#lab/experiment/folder.ts'
import { emptyRecording, type Recording } from '#lab/experiment/recording.ts'
import { summaryOf } from '#lab/experiment/summary.ts'
import type { Verdict } from '#lab/experiment/verdict.ts'
import { plan } from '#lab/testing/plan.ts'

/** A second with two phases, in which the queue of one shard fills and a client in five never connects. */
export function recording(name = 'lab', changes: Partial<Recording> = {}): Recording {
  const times = Array.from({ length: 100 }, (_, at) => 1000 + at * 10)
  return {
    ...emptyRecording(name, plan),
    phases: [
      { name: 'stall', beganMs: 1000, endedMs: 1200, result: null },
      { name: 'burst', beganMs: 1200, endedMs: 2000, result: null },
    ],
    events: [{ atMs: 1005, what: 'backend 1 stalls' }],
    boundaries: [0, 41].map((drops, at) => ({
      atMs: 1000 + 1000 * at,
      backends: [null],
      loads: [],
      listeners: [{ shard: 1, cookie: 'a', drops }],
      counters: { TcpExt_ListenDrops: drops, TcpExt_ListenOverflows: drops },
      clientCounters: { Tcp_ActiveOpens: at * 50 },
    })),
    listeners: {
      atMs: times,
      shard: times.map(() => 1),
      length: times.map((ms) => (ms > 1300 ? 9 : 0)),
      limit: times.map(() => 8),
      drops: times.map((ms) => (ms > 1310 ? 41 : 0)),
    },
    counters: {
      atMs: [1000, 1400, 1400],
      name: ['Tcp_RtoMin', 'TcpExt_ListenDrops', 'TcpExt_ListenOverflows'],
      value: [200, 41, 41],
    },
    records: Array.from({ length: 50 }, (_, at) => {
      const startedMs = 1300 + at
      return {
        load: 'load-1',
        phase: 'burst',
        scheduledMs: 1300,
        startedMs,
        outcome: at % 5 === 0 ? 'timedOut' : 'ok',
        ...(at % 5 === 0
          ? {}
          : { connectedMs: startedMs + at, firstByteMs: startedMs + 2 * at, closedMs: startedMs + 3 * at }),
        ...(at % 5 === 0 ? {} : { acceptWaitMs: 0, backend: 'backend-1' }),
      }
    }),
    lateness: [{ what: 'timers', lateMs: 3, phase: 'burst' }],
    complete: true,
    ...changes,
  }
}

export function runOf(recordings: readonly Recording[], changes: Partial<Verdict> = {}, folder = '/runs/a/small'): Run {
  const verdict: Verdict = {
    format: 1,
    experiment: 'small',
    teaches: 'A queue holds N + 1.',
    sources: ['tcp_conn_request()'],
    status: 'passed',
    reason: null,
    startedAt: '2026-11-22T22:24:29.106Z',
    durationMs: 1000,
    lagMs: 3,
    expectations: [
      {
        counted: 'kernel',
        sentence: 'the queue holds one more',
        seen: 9,
        widenedMs: 0,
        passed: true,
        notJudged: null,
        band: { low: 9, high: 9, unit: '' },
      },
      {
        counted: 'userspace',
        sentence: 'who is dropped waits',
        seen: 1010,
        widenedMs: 3,
        passed: true,
        notJudged: null,
        band: { low: 900, high: 1103, unit: 'ms' },
      },
    ],
    machine: {
      kernel: '6.18.44',
      cores: 2,
      processor: 'a processor',
      memoryBytes: 2 ** 34,
      node: 'v24.21.0',
      spillway: '0.1.0',
      driver: 'namespaces',
    },
    again: 'spillway run small',
    cases: recordings.map(summaryOf),
    ...changes,
  }
  return { folder, verdict, tables: tablesOf(recordings) }
}
