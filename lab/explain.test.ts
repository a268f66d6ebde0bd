import assert from 'node:assert/strict'
import test from 'node:test'
import { bytes, explain } from './explain.ts'
import type { LabView, ShardView } from './view.ts'

const shard = (number: number, changes: Partial<ShardView> = {}): ShardView => ({
  shard: number,
  state: 'listening',
  stalled: false,
  faults: [],
  length: 0,
  limit: 128,
  backlog: 128,
  fill: (changes.length ?? 0) / 129,
  peak: 0,
  fullSeconds: 0,
  drops: 0,
  dropsPerSecond: 0,
  acceptsPerSecond: 100,
  oldestWaitMs: 0,
  ...changes,
})

const view = (changes: Partial<LabView> = {}): LabView => ({
  timeMs: 0,
  kernel: '6.18.0',
  address: '198.18.0.2',
  port: 8080,
  mode: 'sharded',
  steering: { by: 'hash' },
  shards: [shard(1), shard(2), shard(3)],
  portView: {
    ...{ address: '198.18.0.2', port: 8080, synQueue: { length: 0, peak: 0, limit: 384 }, oldestWaitMs: 0 },
    ...{ connections: 3, receiveBytes: 0, sendBytes: 0, zeroWindows: 0 },
  },
  syncookies: 1,
  cookiesPerSecond: 0,
  moved: [],
  loads: [],
  ...changes,
})

const port = view().portView!
const says = (changes: Partial<LabView>, pattern: RegExp): void => assert.match(explain(view(changes)) ?? '', pattern)

test('a calm lab needs no words', () => {
  assert.equal(explain(view()), undefined)
})

test('a full shard among idle ones is named, with the share of clients that suffer', () => {
  says(
    { shards: [shard(1), shard(2, { length: 129, dropsPerSecond: 30 }), shard(3)] },
    /^Shard 2 is full while its neighbours idle: one client in three waits a second/,
  )
})

test('how connections are dealt is said as it is: by hash, or by the program that steers the group', () => {
  const shards = [shard(1), shard(2, { length: 129, dropsPerSecond: 30 })]
  says({ shards }, /by the hash of the addresses/)
  says({ shards, steering: { by: 'random', members: 2 } }, /at random: a SYN that is sent again draws again/)
  says({ shards, steering: { by: 'cpu' } }, /by the CPU that handles the SYN/)
  says({ shards, steering: { by: 'member', member: 1 } }, /every new connection to shard 2/)
})

test('a full queue that drops nothing yet promises only what is certain', () => {
  says({ shards: [shard(1), shard(2, { length: 129 })] }, /the next client that is dealt to it will be dropped/)
})

test('all shards full because they are stalled is told apart from all full under load', () => {
  const full = { length: 129, dropsPerSecond: 1 }
  says({ shards: [shard(1, { ...full, stalled: true }), shard(2, { ...full, stalled: true })] }, /accept nothing/)
  says({ shards: [shard(1, full), shard(2, full)] }, /faster than the backends accept/)
  says({ shards: [shard(1, full)] }, /^The accept queue is full/)
})

test('a full SYN queue says what protects: cookies, or nothing', () => {
  const drop = { name: 'TCPReqQFullDrop', perSecond: 80 }
  says({ syncookies: 0, moved: [drop] }, /syncookies are off: the kernel drops 80 SYNs a second/)
  const cookie = { name: 'TCPReqQFullDoCookies', perSecond: 80 }
  says({ moved: [cookie], cookiesPerSecond: 80 }, /No counter named Listen… moves/)
  says({ syncookies: 2, moved: [cookie], cookiesPerSecond: 80 }, /every SYN with a cookie/)
})

test('a stalled backend that still has room says how much', () => {
  says(
    { shards: [shard(1, { stalled: true, length: 29 }), shard(2)] },
    /^Shard 1 accepts nothing.*there is room for 100 more/,
  )
})

test('a clamped backlog names somaxconn', () => {
  says(
    { shards: [shard(1, { backlog: 70_000, limit: 4096 })] },
    /asked for a backlog of 70,000 and got 4,096: net\.core\.somaxconn/,
  )
})

test('closed windows, unread bytes, closed listeners and dead processes are each said', () => {
  says({ portView: { ...port, zeroWindows: 2, sendBytes: 5_000_000 } }, /^2 clients have closed the window.*5\.0 MB/)
  says({ portView: { ...port, receiveBytes: 700_000 } }, /^700 kB wait in receive queues/)
  says({ shards: [shard(1), shard(2, { state: 'closed' })] }, /^Shard 2 has closed its listener/)
  says({ shards: [shard(1), shard(2, { state: 'down' })] }, /^Shard 2 is down/)
  says({ shards: [shard(1, { state: 'closed' })] }, /connection refused/)
  says({ portView: { ...port, synQueue: { length: 60, peak: 60, limit: 384 } } }, /^60 half-open requests/)
})

test('bytes carry a decimal unit', () => {
  assert.deepEqual([0, 999, 1000, 63_400, 700_000, 5_000_000, 2e9].map(bytes), [
    ...['0 B', '999 B', '1.0 kB', '63.4 kB', '700 kB', '5.0 MB', '2.0 GB'],
  ])
})
