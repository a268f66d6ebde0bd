import assert from 'node:assert/strict'
import test from 'node:test'
import type { BackendStatus } from '#services/backend/api.ts'
import { noFaults } from '#services/backend/no-faults.ts'
import type { ListenerSample, Snapshot } from '#services/exporter/snapshot.ts'
import { listenerOf } from './testing/listener.ts'
import { portOf, snapshotOf } from './testing/snapshot.ts'
import { type Moment, type Setting, sysctlDefaults, viewOf } from './view.ts'

const setting: Setting = {
  kernel: '6.18.0',
  address: '198.18.0.2',
  port: 8080,
  mode: 'sharded',
  steering: { by: 'hash' },
  sysctls: sysctlDefaults,
  gaps: [],
}

function snapshot(monotonicMs: number, listeners: ListenerSample[], counters: Record<string, number> = {}): Snapshot {
  const port = portOf({
    oldestWaitMs: 412,
    waiting: listeners.reduce((sum, { length }) => sum + length, 0),
    connections: { established: 5 },
    receiveBytes: 1,
    receiveBytesMax: 1,
    sendBytes: 2,
    sendBytesMax: 2,
  })
  return snapshotOf({ listeners, ports: listeners.length > 0 ? [port] : [], counters }, monotonicMs)
}

const backend = (changes: Partial<BackendStatus> = {}): BackendStatus => ({
  name: 'backend-1',
  pid: 1,
  mode: 'sharded',
  listener: null,
  faults: noFaults,
  accepts: 0,
  responses: 0,
  bodyBytes: 0,
  open: 0,
  acceptWait: { upToMs: [], counts: [], count: 0, sumMs: 0, maxMs: 0 },
  loopLagMs: 0,
  somaxconn: 4096,
  processes: [],
  ...changes,
})

const moment = (taken: Snapshot, backends: Moment['backends'] = []): Moment => ({
  snapshot: taken,
  synRetransmits: 0,
  askedMs: taken.monotonicMs,
  backends,
  loads: [],
})

test('rates are what was gained over the time that really passed', () => {
  const before = moment(snapshot(1000, [listenerOf(1, { drops: 10 })], { TcpExt_ListenDrops: 10 }), [
    backend({ accepts: 100 }),
  ])
  const now = moment(snapshot(3000, [listenerOf(1, { drops: 50 })], { TcpExt_ListenDrops: 50 }), [
    backend({ accepts: 400 }),
  ])
  const view = viewOf(now, before, setting)
  assert.equal(view.shards[0]?.dropsPerSecond, 20)
  assert.equal(view.shards[0]?.acceptsPerSecond, 150)
  assert.deepEqual(view.moved, [{ name: 'ListenDrops', perSecond: 20 }])
})

test('a restarted backend shows no rate across the restart, and no negative one', () => {
  const before = moment(snapshot(1000, [listenerOf(1, { cookie: '1', drops: 900 })]), [
    backend({ pid: 1, accepts: 5000 }),
  ])
  const now = moment(snapshot(2000, [listenerOf(1, { cookie: '2', drops: 3 })]), [backend({ pid: 2, accepts: 7 })])
  const [shard] = viewOf(now, before, setting).shards
  assert.equal(shard?.dropsPerSecond, 0)
  assert.equal(shard?.acceptsPerSecond, 0)
})

test('no shard is said to have waited for longer than the oldest of the port', () => {
  const alone = viewOf(moment(snapshot(0, [listenerOf(1), listenerOf(2, { length: 9 })])), undefined, setting)
  assert.deepEqual(
    alone.shards.map((shard) => shard.oldestWait?.mostMs),
    [0, 412],
  )
  const both = viewOf(
    moment(snapshot(0, [listenerOf(1, { length: 1 }), listenerOf(2, { length: 9 })])),
    undefined,
    setting,
  )
  assert.deepEqual(
    both.shards.map((shard) => shard.oldestWait),
    [
      { leastMs: 0, mostMs: 412 },
      { leastMs: 0, mostMs: 412 },
    ],
  )
})

test('a backend that answers without a listener is closed, one that does not answer is down', () => {
  const view = viewOf(moment(snapshot(0, [listenerOf(1)]), [backend(), backend(), undefined]), undefined, setting)
  assert.deepEqual(
    view.shards.map((shard) => shard.state),
    ['listening', 'closed', 'down'],
  )
})

test('an exporter that was started again while a backend was down does not move the others to its place', () => {
  const socket = { address: '198.18.0.2', port: 8080, backlog: 128, length: 7, limit: 128, drops: 0, inode: 103 }
  const third = backend({ listener: { ...socket, cookie: '3' } })
  const numberedAnew = [listenerOf(1), listenerOf(2, { cookie: '3', length: 7 })]
  const view = viewOf(moment(snapshot(0, numberedAnew), [backend(), undefined, third]), undefined, setting)
  assert.deepEqual(
    view.shards.map(({ shard, state, length }) => [shard, state, length]),
    [
      [1, 'listening', 0],
      [2, 'down', 0],
      [3, 'listening', 7],
    ],
  )
})

test('a queue of N + 1 is full, one of N is not', () => {
  const view = viewOf(
    moment(snapshot(0, [listenerOf(1, { length: 128 }), listenerOf(2, { length: 129 })])),
    undefined,
    setting,
  )
  assert.deepEqual(
    view.shards.map((shard) => shard.fill >= 1),
    [false, true],
  )
})
