import assert from 'node:assert/strict'
import test from 'node:test'
import { listenerOf } from '#live/testing/listener.ts'
import { portOf, snapshotOf as taken } from '#live/testing/snapshot.ts'
import { samplesOf, snapshotOf } from './reached.ts'

const place = { address: '0.0.0.0', port: 8080 }

test('of a port that is listened on at several addresses only the one that clients reach is left', () => {
  const everywhere = { address: '0.0.0.0' }
  const snapshot = taken({
    listeners: [listenerOf(1, { address: '::' }), listenerOf(1, everywhere), listenerOf(1, { address: '::', port: 9 })],
    ports: [portOf({ address: '::' }), portOf(everywhere)],
  })
  const [namespace] = snapshotOf(place, snapshot).namespaces
  assert.deepEqual(
    namespace?.listeners.map(({ address, port }) => [address, port]),
    [
      ['0.0.0.0', 8080],
      ['::', 9],
    ],
    'other ports stay as they are',
  )
  assert.deepEqual(
    namespace?.ports.map(({ address }) => address),
    ['0.0.0.0'],
  )
})

test('so it is with every sample, in all columns alike', () => {
  const rows = { atMs: [1, 1, 2], address: ['::', '0.0.0.0', '0.0.0.0'], port: [8080, 8080, 8080] }
  const none = { atMs: [], address: [], port: [] }
  const { listeners } = samplesOf(place, {
    netns: 'lab',
    listeners: {
      ...rows,
      shard: [1, 1, 1],
      cookie: ['a', 'b', 'b'],
      length: [9, 5, 6],
      limit: [1, 2, 2],
      drops: [0, 0, 0],
    },
    synQueue: { ...none, length: [], limit: [] },
    connections: {
      ...none,
      established: [],
      waiting: [],
      waitingFinished: [],
      oldestWaitMs: [],
      receiveBytes: [],
      sendBytes: [],
      zeroWindows: [],
    },
    counters: { atMs: [], name: [], value: [] },
  })
  assert.deepEqual(listeners, {
    atMs: [1, 2],
    address: ['0.0.0.0', '0.0.0.0'],
    port: [8080, 8080],
    shard: [1, 1],
    cookie: ['b', 'b'],
    length: [5, 6],
    limit: [2, 2],
    drops: [0, 0],
  })
})
