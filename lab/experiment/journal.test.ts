import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { plan } from '../testing/plan.ts'
import { type Entry, Journal, readJournal } from './journal.ts'
import { readingsOf } from './readings.ts'
import { summaryOf } from './summary.ts'

const boundary = (atMs: number, drops: number, cookie = 'a'): Entry => ({
  is: 'boundary',
  boundary: {
    atMs,
    clientCounters: { Tcp_ActiveOpens: drops },
    backends: [null],
    loads: [],
    counters: { TcpExt_ListenDrops: drops },
    listeners: [{ shard: 1, cookie, drops }],
  },
})

const samples = (atMs: number[], length: number[]): Entry => ({
  is: 'samples',
  samples: {
    netns: 'lab',
    listeners: {
      atMs: [...atMs, 1],
      length: [...length, 99],
      cookie: [],
      address: [],
      port: [...atMs.map(() => 8080), 9101],
      shard: [...atMs.map(() => 1), 1],
      limit: [...atMs.map(() => 8), 511],
      drops: [...atMs.map(() => 0), 0],
    },
    synQueue: { atMs: [], address: [], port: [], length: [], limit: [] },
    connections: {
      atMs: [],
      address: [],
      port: [],
      established: [],
      waiting: [],
      oldestWaitMs: [],
      receiveBytes: [],
      sendBytes: [],
      zeroWindows: [],
      waitingFinished: [],
    },
    counters: { atMs: [], name: [], value: [] },
  },
})

const entries: Entry[] = [
  { is: 'case', name: 'lab', plan },
  samples([90, 100], [0, 1]),
  boundary(100, 5),
  { is: 'phase begins', name: 'burst', atMs: 101 },
  // At 200.5 is what was read for the boundary; what began at 200.8 may belong to what follows.
  samples([110, 150, 200.5, 200.8], [9, 4, 2, 7]),
  boundary(200, 12),
  { is: 'phase ends', atMs: 201, result: { found: 3 } },
  { is: 'phase begins', name: 'afterwards', atMs: 202 },
  samples([220, 300], [9, 0]),
  boundary(300, 2, 'b'),
]

function journal(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-journal-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'journal.ndjson')
}

test('a journal is read back as it was written, also when its last line was cut off', (context) => {
  const file = journal(context)
  using writing = new Journal(file)
  for (const entry of entries) writing.write(entry)
  assert.deepEqual(readJournal(file), writing.recordings)
  fs.appendFileSync(file, '{"is":"phase ends","atM')
  assert.deepEqual(readJournal(file), writing.recordings)
})

test('a phase is made of the samples and the counts between its ends', (context) => {
  using writing = new Journal(journal(context))
  for (const entry of entries) writing.write(entry)
  const [recording] = writing.recordings
  const { listener, counters, clients, result } = readingsOf(recording!)
  assert.deepEqual(result.burst, { found: 3 })
  const { length, limit } = listener(1)
  assert.deepEqual([length.during('burst').max, length.during('burst').min, length.during('burst').last], [9, 1, 2])
  assert.equal(length.max, 9, 'rows of other ports are left out')
  assert.equal(limit.max, 8)
  assert.equal(counters.ListenDrops.during('burst'), 7)
  assert.equal(counters.ListenDrops.total, -3, 'as the boundaries have it, whatever it is')
  assert.equal(clients.synsSent.during('burst'), 7)
  assert.throws(() => counters.ListenDrops.during('brust'), /There is no phase 'brust'/)
})

test('a listener that comes anew starts its drops at 0, and nothing is lost of the old one', (context) => {
  using writing = new Journal(journal(context))
  for (const entry of entries) writing.write(entry)
  const { drops } = readingsOf(writing.recordings[0]!).listener(1)
  assert.equal(drops.during('burst'), 7)
  assert.equal(drops.during('afterwards'), 2)
  assert.equal(drops.total, 9)
})

test('a phase in which a run was cut off has begun and not ended', (context) => {
  const file = journal(context)
  using writing = new Journal(file)
  for (const entry of entries.slice(0, 5)) writing.write(entry)
  const [recording] = readJournal(file)
  assert.deepEqual(
    recording?.phases.map(({ name, endedMs }) => [name, endedMs]),
    [['burst', Number.NaN]],
  )
})

test('the exact peak of a run is the highest of all its readings, and what came before the first phase is not of it', (context) => {
  const exact = (peak: number, joined: number) => ({ peak, joined, timesFull: 0 })
  const at = (atMs: number, peak: number, joined: number, cookie = 'a'): Entry => {
    const entry = boundary(atMs, 0, cookie)
    if (entry.is === 'boundary') entry.boundary.listeners[0]!.exact = exact(peak, joined)
    return entry
  }
  using writing = new Journal(journal(context))
  for (const entry of [
    { is: 'case', name: 'lab', plan },
    at(0, 90, 1000),
    { is: 'phase begins', name: 'one', atMs: 1 },
    { is: 'exact peaks', listeners: [{ shard: 1, cookie: 'a', exact: exact(120, 1100) }] },
    { is: 'phase ends', atMs: 2 },
    at(3, 40, 1300),
    // Another socket of the same shard, which counts from nothing.
    at(4, 7, 20, 'b'),
  ] satisfies Entry[])
    writing.write(entry)
  assert.deepEqual(summaryOf(writing.recordings[0]!).exact, [{ shard: 1, peak: 120, timesFull: 0, joined: 320 }])
})
