import assert from 'node:assert/strict'
import test from 'node:test'
import { Identifier } from './identity/identify.ts'
import { noneDeparted, type RawSnapshot } from './sampler/message.ts'
import { defaultPace } from './sampler/pace.ts'
import { SnapshotStore } from './snapshot-store.ts'

const dump = { lastSeconds: 0, intervalSeconds: 0, count: 0 }
const raw: RawSnapshot = {
  sequence: 1,
  timeMs: 0,
  monotonicMs: 0,
  namespaces: [],
  errors: [],
  answers: 0,
  startedMs: 0,
  lookCpuSeconds: 0,
  departed: noneDeparted(),
  sampler: {
    intervalSeconds: 0.01,
    samples: 1,
    late: 0,
    failed: 0,
    cpuSeconds: 0,
    dumps: { listeners: dump, synQueue: dump, connections: dump, counters: dump },
  },
}

test('a snapshot is held for five seconds and no longer', () => {
  let nowMs = 0
  const store = new SnapshotStore(defaultPace, new Identifier('/proc'), () => nowMs)
  const held = (): number | undefined => store.snapshot?.sequence
  assert.equal(held(), undefined)
  store.take(raw)
  nowMs = 5000
  assert.equal(held(), 1)
  nowMs = 5001
  assert.equal(held(), undefined)
  assert.equal(store.held(0).snapshot, undefined, 'old numbers are not scraped')
  assert.equal(store.held(0).raw?.sequence, 1, "the instrument's own are")
})

test('with long intervals it is held for fifty of them', () => {
  let nowMs = 0
  const store = new SnapshotStore({ ...defaultPace, streamIntervalMs: 1000 }, new Identifier('/proc'), () => nowMs)
  store.take(raw)
  nowMs = 50_000
  assert.ok(store.snapshot)
  nowMs = 50_001
  assert.equal(store.snapshot, undefined)
})
