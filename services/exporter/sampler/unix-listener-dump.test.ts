import assert from 'node:assert/strict'
import test from 'node:test'
import { UnixListenerDump, type UnixSource } from './unix-listener-dump.ts'
import type { ListeningRecord } from './unix-listener-state.ts'

const record = (id: number, length = 0, limit = 9): ListeningRecord => ({
  name: `@${id}`,
  type: 'stream',
  inode: id,
  cookie: BigInt(id),
  cookieHigh: 0,
  shortCookie: id,
  length,
  limit,
  uid: undefined,
})

const kernel = (...records: ListeningRecord[]): UnixSource => ({
  dumpUnixListeners(visit) {
    for (const one of records) visit(one)
  },
})

const dumpOf = (most?: number): UnixListenerDump => new UnixListenerDump(30_000, undefined, most)

test('before the kernel has answered nothing is known; an answer without listeners is an empty list', () => {
  const dump = dumpOf()
  assert.equal(dump.toRaw(0), undefined)
  dump.sample(kernel(), 0, 10)
  assert.deepEqual(dump.toRaw(0), { unixListeners: [], unixListenersLeftOut: 0 })
})

test('each sample stands for the time since the one before, a long gap for two intervals or a quarter of a second', () => {
  const dump = dumpOf()
  dump.sample(kernel(record(1, 10)), 0, 10)
  dump.sample(kernel(record(1, 10)), 10, 10)
  dump.sample(kernel(record(1, 9)), 30, 10)
  dump.sample(kernel(record(1, 10)), 5030, 10)
  const [seen] = dump.toRaw(5030)?.unixListeners ?? []
  assert.deepEqual(seen?.atLeastSeconds, { '0.5': 0.28, '0.9': 0.28, '1': 0.26 })
  assert.deepEqual(secondsFull(1000, 0, 1000, 2000), 2, 'where the budget has stretched the interval')
  assert.deepEqual(secondsFull(1000, 0, 60_000), 2)
  assert.equal(seen?.uid, null, 'a kernel that does not tell the user')
})

/** The time at full of a queue that is always full, sampled at these moments every so often. */
function secondsFull(intervalMs: number, ...moments: number[]): number | undefined {
  const dump = dumpOf()
  for (const nowMs of moments) dump.sample(kernel(record(1, 10)), nowMs, intervalMs)
  return dump.toRaw(0)?.unixListeners[0]?.atLeastSeconds['1']
}

test('a listener that one dump misses stays, and one that two miss is gone', () => {
  const dump = dumpOf()
  dump.sample(kernel(record(1), record(2)), 0, 10)
  dump.sample(kernel(record(1)), 10, 10)
  assert.equal(dump.toRaw(10)?.unixListeners.length, 2)
  dump.sample(kernel(record(1)), 20, 10)
  assert.deepEqual(
    dump.toRaw(20)?.unixListeners.map(({ inode }) => inode),
    [1],
  )
})

test('beyond the most that are remembered listeners are counted, and come in when there is room', () => {
  const dump = dumpOf(2)
  dump.sample(kernel(record(1), record(2), record(3), record(4)), 0, 10)
  assert.deepEqual([dump.toRaw(0)?.unixListeners.length, dump.toRaw(0)?.unixListenersLeftOut], [2, 2])
  for (const nowMs of [10, 20, 30]) dump.sample(kernel(record(3), record(4)), nowMs, 10)
  assert.deepEqual(
    dump.toRaw(30)?.unixListeners.map(({ inode }) => inode),
    [3, 4],
  )
  assert.equal(dump.toRaw(30)?.unixListenersLeftOut, 0)
})

test('it is worth looking often for a minute after a listener has appeared or a client has waited, and not without listeners', () => {
  const dump = dumpOf()
  dump.sample(kernel(), 0, 10)
  assert.equal(dump.isQuiet(0), true)
  dump.sample(kernel(record(1)), 10, 10)
  dump.sample(kernel(), 20, 10)
  assert.deepEqual([dump.isQuiet(60_009), dump.isQuiet(60_010)], [false, true])
  dump.sample(kernel(record(1, 0)), 100_000, 10)
  dump.sample(kernel(record(1, 1)), 200_000, 10)
  dump.sample(kernel(record(1, 0)), 259_000, 10)
  assert.deepEqual([dump.isQuiet(259_999), dump.isQuiet(260_000)], [false, true])
})
