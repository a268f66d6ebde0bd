import assert from 'node:assert/strict'
import test from 'node:test'
import { type EventKind, eventKinds, type ListenerCounts, waitBoundsUs } from '#kernel/bpf/event-record.ts'
import { EventCounts } from './event-counts.ts'

const watching = (...kinds: EventKind[]) => ({ kinds: new Set(kinds), sinceMs: 0 })
const all = watching(...eventKinds)

const happened = (counts: Partial<ListenerCounts>): ListenerCounts => ({
  ...{ cookieHigh: 0, cookieLow: 1, port: 80, joined: 0, peak: 0, limit: 9, timesFull: 0, fullMs: 0 },
  ...{ fullSinceMs: undefined, accepted: 0, waits: new Float64Array(waitBoundsUs.length + 1), waitSumMs: 0 },
  ...{ finalAckDrops: 0, cookieAckDrops: 0, discarded: 0 },
  ...counts,
})
const sampled = (atMs: number, length: number, drops = 0) => ({ length, drops, lengthMs: atMs, dropsMs: atMs })

test('time at the limit is that of ended spells and of the one that lasts, and never taken back', () => {
  const counts = new EventCounts(true)
  assert.equal(counts.take(happened({ fullMs: 5 }), 100, 9, all), 5)
  assert.equal(counts.take(happened({ fullMs: 5, fullSinceMs: 130 }), 150, 9, all), 20)
  assert.equal(counts.take(happened({ fullMs: 45, fullSinceMs: undefined }), 200, 9, all), 20)
  assert.equal(counts.take(happened({ fullMs: 30 }), 250, 9, all), 0, 'a spell that nobody knows the end of')
  assert.equal(counts.take(happened({ fullMs: 31 }), 300, 9, all), 1)
})

test('under another limit than connections last came under, or without ends, time at the limit is not known', () => {
  const counts = new EventCounts(true)
  assert.equal(counts.take(happened({ fullMs: 5, limit: 3 }), 100, 9, all), undefined)
  assert.equal(counts.take(happened({ fullMs: 5 }), 100, 9, watching('joins')), undefined)
})

test('what joined and was not accepted waits: other lengths are missed events, once each', () => {
  const counts = new EventCounts(false)
  counts.take(happened({ joined: 3, accepted: 1 }), 100, 9, all)
  assert.equal(counts.missed(sampled(90, 2), all), 0, 'read before: it says nothing')
  assert.equal(counts.missed(sampled(110, 4), all), 0, 'two waited before anything was watched')
  counts.take(happened({ joined: 3, accepted: 1 }), 200, 9, all)
  assert.equal(counts.missed(sampled(190, 5), all), 1)
  assert.equal(counts.missed(sampled(210, 5), all), 0)
  counts.take(happened({ joined: 4, accepted: 1 }), 300, 9, all)
  assert.equal(counts.missed(sampled(250, 9), all), 0, 'something has happened since')
})

test('dropped SYNs are the drops that are nothing else, and never fall', () => {
  const known = (counts: EventCounts, atMs: number, drops: number) =>
    counts.toSample(sampled(atMs, 0, drops), all).synDrops
  const fresh = new EventCounts(true)
  fresh.take(happened({ discarded: 4, finalAckDrops: 2 }), 100, 9, all)
  assert.equal(known(fresh, 110, 7), 3)
  fresh.take(happened({ discarded: 6 }), 200, 9, all)
  assert.equal(known(fresh, 150, 7), 3, 'the drops are older than what is known of them')
  assert.equal(known(fresh, 210, 10), 4)
  const old = new EventCounts(false)
  assert.equal(known(old, 100, 70), 0, 'what it dropped before is not known')
  assert.equal(known(old, 200, 72), 2)
})

test('more discarded than dropped is a contradiction', () => {
  const counts = new EventCounts(true)
  counts.take(happened({ discarded: 4 }), 100, 9, all)
  assert.equal(counts.missed(sampled(110, 0, 1), all), 3)
})

test('what is not watched is absent', () => {
  assert.deepEqual(Object.keys(new EventCounts(true).toSample(sampled(1, 0), watching('drops'))), [
    'finalAckDrops',
    'synDrops',
  ])
})
