import assert from 'node:assert/strict'
import test from 'node:test'
import type { ListenerSample, NamespaceSample, Snapshot } from '#services/exporter/snapshot.ts'
import { HostRows } from './rows.ts'

const listenerOf = (changes: Partial<ListenerSample>): ListenerSample => ({
  address: '127.0.0.1',
  port: 8080,
  shard: 1,
  length: 0,
  limit: 128,
  peak: 0,
  atLeastSeconds: { '0.5': 0, '0.9': 0, '1': 0 },
  fullSecondsInWindow: 0,
  used: false,
  drops: 0,
  inode: 1,
  cookie: 'a',
  uid: 0,
  device: '',
  process: 'node',
  pid: 7,
  pids: [7],
  acceptors: [7],
  unit: '',
  container: '',
  pod: '',
  ...changes,
})

function snapshotAt(ms: number, space: Partial<NamespaceSample>): Snapshot {
  const dump = { lastSeconds: 0, intervalSeconds: 0.01, total: 1, secondsTotal: 0 }
  return {
    sequence: ms,
    timeMs: ms,
    monotonicMs: ms,
    ownersAgeSeconds: 0,
    namespaces: [
      {
        netns: '4026531840',
        name: '',
        inode: 4026531840,
        agesSeconds: { listeners: 0.01, connections: 0.7 },
        listeners: [],
        ports: [],
        counters: {},
        ...space,
      } as NamespaceSample,
    ],
    sampler: { intervalSeconds: 0.01, dumps: { listeners: dump } } as unknown as Snapshot['sampler'],
  } as Snapshot
}

test('drops a second are those of the last second, and unknown at the first look', () => {
  const rows = new HostRows()
  const at = (ms: number, drops: number) => rows.see(snapshotAt(ms, { listeners: [listenerOf({ drops })] })).rows[0]
  assert.equal(at(0, 100)?.dropsPerSecond, undefined)
  assert.equal(at(500, 110)?.dropsPerSecond, 20)
  assert.equal(at(1000, 120)?.dropsPerSecond, 20)
  for (const ms of [1500, 2000, 2500]) at(ms, 120)
  assert.equal(at(3000, 120)?.dropsPerSecond, 0)
})

test('what dropped something, or was full, is marked for ten seconds, whatever happens at another socket', () => {
  const rows = new HostRows()
  const see = (ms: number, drops: number, length = 0) =>
    rows
      .see(snapshotAt(ms, { listeners: [listenerOf({ drops }), listenerOf({ cookie: 'b', shard: 2, length })] }))
      .rows.map(({ happenedMs }) => happenedMs)
  assert.deepEqual(see(0, 5), [undefined, undefined])
  assert.deepEqual(see(250, 6), [0, undefined])
  assert.deepEqual(see(5000, 6, 129), [4750, 0])
  assert.deepEqual(see(10_250, 6), [10_000, 5250])
  assert.deepEqual(see(10_500, 6), [undefined, 5500])
})

test('a queue that was full between two looks, and is empty at both, is marked', () => {
  const rows = new HostRows()
  const see = (ms: number, full: number) =>
    rows.see(snapshotAt(ms, { listeners: [listenerOf({ atLeastSeconds: { '0.5': full, '0.9': full, '1': full } })] }))
      .rows[0]
  assert.equal(see(0, 3)?.happenedMs, undefined, 'what it was before is over')
  assert.equal(see(250, 3.01)?.happenedMs, 0)
  assert.equal(see(500, 3.01)?.happenedMs, 250)
})

test('a wait is that of a queue where it can be told, a bound where several shards have somebody waiting, and none where nobody waits', () => {
  const port = { address: '127.0.0.1', port: 8080, used: true, oldestWaitMs: 2100 }
  const see = (...lengths: number[]) =>
    new HostRows()
      .see(
        snapshotAt(0, {
          listeners: lengths.map((length, at) => listenerOf({ cookie: String(at), shard: at + 1, length })),
          ports: [port],
        }),
      )
      .rows.map(({ oldestWaitMs, waitIsBound }) => [oldestWaitMs, waitIsBound])
  assert.deepEqual(see(5, 0), [
    [2100, false],
    [0, false],
  ])
  assert.deepEqual(see(5, 2, 0), [
    [2100, true],
    [2100, true],
    [0, true],
  ])
})

test('UNIX and UDP sockets have rows, without numbers that the kernel does not keep', () => {
  const { rows } = new HostRows().see(
    snapshotAt(0, {
      unixListeners: [
        {
          path: '/run/app.sock',
          shard: 1,
          type: 'stream',
          length: 9,
          limit: 8,
          peak: 9,
          atLeastSeconds: { '0.5': 1, '0.9': 1, '1': 1 },
          fullSecondsInWindow: 1.5,
          inode: 3,
          cookie: 'u',
          uid: 0,
          process: 'php-fpm',
          pids: [9],
          unit: '',
          container: '',
          pod: '',
        },
      ],
      udpSockets: [
        { address: '::1', port: 53, sockets: 1, bytes: 4096, limitBytes: 212_992, peakBytes: 8192, drops: 3 },
      ],
    } as Partial<NamespaceSample>),
  )
  assert.deepEqual(
    rows.map(({ kind, place, length, room, drops, fullSeconds, process }) => [
      kind,
      place,
      length,
      room,
      drops,
      fullSeconds,
      process,
    ]),
    [
      ['unix', '/run/app.sock', 9, 9, undefined, 1.5, 'php-fpm'],
      ['udp', '[::1]:53', 4096, 212_992, 3, undefined, ''],
    ],
  )
})

test('the ages of queues and waits are told, and a kind that was never read has none', () => {
  const rows = new HostRows()
  assert.deepEqual(rows.see(snapshotAt(0, {})).ages, { listeners: 10, connections: 700 })
  assert.deepEqual(rows.see(snapshotAt(1, { agesSeconds: { listeners: 0.01, connections: null } })).ages, {
    listeners: 10,
    connections: undefined,
  })
})

test('nothing from before a gap is held against what comes after it', () => {
  const rows = new HostRows()
  rows.see(snapshotAt(0, { listeners: [listenerOf({ drops: 0 })] }))
  rows.forget()
  const [row] = rows.see(snapshotAt(60_000, { listeners: [listenerOf({ drops: 600 })] })).rows
  assert.equal(row?.dropsPerSecond, undefined)
})
