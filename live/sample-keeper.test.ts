import assert from 'node:assert/strict'
import test from 'node:test'
import type { Samples } from '#services/exporter/samples.ts'
import { SampleKeeper } from './sample-keeper.ts'

const PORT = 8080
const unowned = (): undefined => undefined

/** A batch with one reading of one socket, and one of ListenOverflows. */
function batch(atMs: number, drops: number, { cookie = 'a', port = PORT, shard = 1, overflows = 0 } = {}): Samples {
  const address = ['198.18.0.2']
  return {
    netns: 'lab',
    listeners: {
      atMs: [atMs],
      address,
      port: [port],
      shard: [shard],
      cookie: [cookie],
      length: [5],
      limit: [8],
      drops: [drops],
    },
    synQueue: { atMs: [atMs], address, port: [port], length: [2], limit: [8] },
    connections: {
      atMs: [],
      address: [],
      port: [],
      established: [],
      waiting: [],
      waitingFinished: [],
      oldestWaitMs: [],
      receiveBytes: [],
      sendBytes: [],
      zeroWindows: [],
    },
    counters: { atMs: [atMs], name: ['TcpExt_ListenOverflows'], value: [overflows] },
  }
}

test('what a socket drops is told at the sample that found it, and a socket that comes anew starts from nothing', () => {
  const keeper = new SampleKeeper(PORT)
  for (const [atMs, drops, cookie] of [
    [10, 7, 'a'],
    [20, 9, 'a'],
    [30, 9, 'a'],
    [40, 0, 'b'],
    [50, 4, 'b'],
  ] as const)
    keeper.add(batch(atMs, drops, { cookie }))
  const { listeners, synQueue } = keeper.window(unowned)
  assert.deepEqual(listeners.atMs, [10, 20, 30, 40, 50])
  assert.deepEqual(listeners.dropped, [0, 2, 0, 0, 4])
  assert.deepEqual(synQueue.length, [2, 2, 2, 2, 2])
})

test('what has grown while nothing was read has grown at no moment', () => {
  const keeper = new SampleKeeper(PORT)
  keeper.add(batch(10, 1, { overflows: 1 }))
  keeper.add(batch(20, 2, { overflows: 2 }))
  keeper.addResent(20, 5)
  keeper.addResent(70, 8)
  keeper.gap()
  keeper.resentGap()
  keeper.add(batch(900, 50, { overflows: 60 }))
  keeper.addResent(910, 90)
  const { listeners, overflows, resent } = keeper.window(unowned)
  assert.deepEqual(listeners.dropped, [0, 1, 0])
  assert.deepEqual(overflows.atMs, [20])
  assert.deepEqual(resent, { atMs: [20, 70, 910], gained: [0, 3, 0] })
})

test('only half a minute is kept, and only of the shared port', () => {
  const keeper = new SampleKeeper(PORT)
  for (let atMs = 0; atMs <= 60_000; atMs += 1000) {
    keeper.add(batch(atMs, 0))
    keeper.add(batch(atMs, 0, { port: 9 }))
  }
  const { listeners } = keeper.window(unowned)
  assert.deepEqual([listeners.atMs[0], listeners.atMs.at(-1), listeners.atMs.length], [30_000, 60_000, 31])
})

test('a socket is of the shard of the backend that has it, whatever number the exporter gives it', () => {
  const keeper = new SampleKeeper(PORT)
  keeper.add(batch(10, 0, { cookie: 'a', shard: 1 }))
  keeper.add(batch(20, 0, { cookie: 'b', shard: 2 }))
  const { listeners } = keeper.window((cookie) => (cookie === 'a' ? 3 : undefined))
  assert.deepEqual(listeners.shard, [3, 2])
})
