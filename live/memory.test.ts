/** What is known of accept queues from several looks in a row, staged: nothing that is said may be false of the truth behind it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { BackendStatus } from '#services/backend/api.ts'
import { noFaults } from '#services/backend/no-faults.ts'
import type { PortSample } from '#services/exporter/snapshot.ts'
import { Memory, type Remembered } from './memory.ts'
import { listenerOf } from './testing/listener.ts'
import { portOf, snapshotOf } from './testing/snapshot.ts'

interface Look {
  atMs: number
  lengths: number[]
  limit?: number
  peak?: number
  /** When the last dump of connections began, and what it saw. */
  dump?: { beganMs: number; sees: Partial<PortSample> }
  /** What the processes have said, at `askedMs`: how many each has accepted, and how long its queue was then. */
  told?: { askedMs: number; accepts: number[]; lengths: number[] }
  listenersMs?: number
}

function statusOf(cookie: string, accepts: number, length: number): BackendStatus {
  return {
    name: `backend-${cookie}`,
    pid: Number(cookie),
    mode: 'sharded',
    listener: { address: '', port: 8080, backlog: 128, limit: 128, length, drops: 0, inode: 1, cookie },
    faults: noFaults,
    accepts,
    responses: 0,
    bodyBytes: 0,
    open: 0,
    acceptWait: { upToMs: [], counts: [], count: 0, sumMs: 0, maxMs: 0 },
    loopLagMs: 0,
    somaxconn: 4096,
    processes: [],
  }
}

function see(memory: Memory, look: Look): Remembered {
  const { atMs, lengths, limit = 128, peak = 0, dump, told, listenersMs = 0 } = look
  const listeners = lengths.map((length, index) => listenerOf(index + 1, { length, limit, peak }))
  const agesSeconds = {
    listeners: listenersMs / 1000,
    syn_queue: 0,
    connections: dump === undefined ? null : (atMs - dump.beganMs) / 1000,
    counters: 0,
  }
  const { waiting: _, oldestWaitMs: __, ...unknown } = portOf()
  const port = dump === undefined ? unknown : portOf(dump.sees)
  const backends =
    told?.accepts.map((accepts, index) => statusOf(String(index + 1), accepts, told.lengths[index] ?? 0)) ?? []
  return memory.see(
    { snapshot: snapshotOf({ listeners, ports: [port], agesSeconds }, atMs), backends, askedMs: told?.askedMs ?? 0 },
    8080,
  )
}

test('the wait of a queue grows while nobody accepts, however old the dump is', () => {
  const memory = new Memory()
  const told = { askedMs: 900, accepts: [50], lengths: [0] }
  see(memory, { atMs: 1000, lengths: [0], told })
  see(memory, { atMs: 1100, lengths: [5], told })
  const dump = { beganMs: 2200, sees: { oldestWaitMs: 1150, waiting: 129 } }
  const seen = see(memory, { atMs: 2250, lengths: [129], dump, told: { ...told, askedMs: 2200, lengths: [129] } })
  assert.deepEqual(seen.waits.get('1'), { leastMs: 1200, mostMs: 1200 })
  // The dump is 2.3 s old now, and its 1.15 s too.
  const later = see(memory, { atMs: 4500, lengths: [129], dump, told: { ...told, askedMs: 4400, lengths: [129] } })
  assert.deepEqual(later.waits.get('1'), { leastMs: 3450, mostMs: 3450 })
})

test('once one has been accepted the old front is only a bound, and its successor has waited no longer', () => {
  const memory = new Memory()
  const told = { askedMs: 900, accepts: [50], lengths: [129] }
  const dump = { beganMs: 1000, sees: { oldestWaitMs: 4000, waiting: 129 } }
  see(memory, { atMs: 1000, lengths: [129], dump, told })
  const seen = see(memory, { atMs: 1500, lengths: [129], dump, told: { askedMs: 1400, accepts: [52], lengths: [129] } })
  assert.deepEqual(seen.waits.get('1'), { leastMs: 0, mostMs: 4500 })
})

test('a queue that has turned over holds nobody from before', () => {
  const memory = new Memory()
  const dump = { beganMs: 1000, sees: { oldestWaitMs: 4000, waiting: 40 } }
  see(memory, { atMs: 1000, lengths: [40], dump, told: { askedMs: 900, accepts: [0], lengths: [40] } })
  const seen = see(memory, { atMs: 1900, lengths: [30], dump, told: { askedMs: 1800, accepts: [60], lengths: [30] } })
  assert.equal(seen.waits.get('1')?.mostMs, 1000)
})

test('with several queues each is bounded by when it was seen empty, and those that stand from below as well', () => {
  const memory = new Memory()
  const told = { askedMs: 900, accepts: [5, 5], lengths: [0, 0] }
  see(memory, { atMs: 1000, lengths: [0, 0], told })
  see(memory, { atMs: 1100, lengths: [3, 0], told })
  const dump = { beganMs: 3000, sees: { oldestWaitMs: 1980, waiting: 5 } }
  const seen = see(memory, { atMs: 3000, lengths: [3, 2], dump, told: { ...told, askedMs: 2900, lengths: [3, 2] } })
  assert.deepEqual(seen.waits.get('1'), { leastMs: 1900, mostMs: 1980 })
  assert.deepEqual(seen.waits.get('2'), { leastMs: 0, mostMs: 1900 })
})

test('clients that have sent an RST are in no dump: it does not bound how long their places are taken', () => {
  const memory = new Memory()
  const told = { askedMs: 900, accepts: [0], lengths: [0] }
  see(memory, { atMs: 1000, lengths: [0], told })
  see(memory, { atMs: 1100, lengths: [129], told })
  const dump = { beganMs: 41_000, sees: { oldestWaitMs: 0, waiting: 0, waitingReset: 129 } }
  const seen = see(memory, { atMs: 41_100, lengths: [129], dump, told: { ...told, askedMs: 41_000, lengths: [129] } })
  assert.deepEqual(seen.waits.get('1'), { leastMs: 40_000, mostMs: 40_100 })
  assert.deepEqual(seen.hungUp?.get('1'), { least: 129, most: 129 })
})

test('an old sample of a queue does not make it look younger', () => {
  const memory = new Memory()
  see(memory, { atMs: 2000, lengths: [0], listenersMs: 900 })
  const seen = see(memory, { atMs: 3000, lengths: [4], listenersMs: 0 })
  assert.equal(seen.waits.get('1')?.mostMs, 1900)
})

test('a queue of which nothing bounds the wait has no bound', () => {
  const seen = see(new Memory(), { atMs: 1000, lengths: [4] })
  assert.deepEqual(seen.waits.get('1'), { leastMs: 0, mostMs: undefined })
})

test('the living bound the dead of each queue: nobody is called dead who may be alive', () => {
  const memory = new Memory()
  see(memory, { atMs: 1000, lengths: [129, 3] })
  const dump = { beganMs: 1050, sees: { waiting: 132, waitingFinished: 93 } }
  const seen = see(memory, { atMs: 1100, lengths: [129, 3], dump })
  assert.deepEqual(seen.hungUp?.get('1'), { least: 90, most: 93 })
  assert.deepEqual(seen.hungUp?.get('2'), { least: 0, most: 3 })
  // Somebody has left the first one since: the dead go first.
  const released = see(memory, { atMs: 1200, lengths: [100, 3], dump })
  assert.equal(released.hungUp?.get('1')?.least, 0)
})

test('who is known to be dead stays so until somebody leaves the queue, whoever comes to another', () => {
  const memory = new Memory()
  see(memory, { atMs: 1000, lengths: [70, 0] })
  const dump = { beganMs: 1050, sees: { waiting: 70, waitingFinished: 70 } }
  see(memory, { atMs: 1100, lengths: [70, 0], dump })
  const mixed = { beganMs: 2050, sees: { waiting: 130, waitingFinished: 70 } }
  const seen = see(memory, { atMs: 2100, lengths: [70, 60], dump: mixed })
  assert.deepEqual(seen.hungUp?.get('1'), { least: 70, most: 70 })
  const released = see(memory, { atMs: 2200, lengths: [60, 60], dump: mixed })
  assert.equal(released.hungUp?.get('1')?.least, 0)
})

test('connections that came after the dump are not counted as dead', () => {
  const memory = new Memory()
  see(memory, { atMs: 1000, lengths: [10] })
  const dump = { beganMs: 1050, sees: { waiting: 10, waitingFinished: 4 } }
  see(memory, { atMs: 1100, lengths: [60], dump })
  const seen = see(memory, { atMs: 1200, lengths: [90], dump })
  assert.deepEqual(seen.hungUp?.get('1'), { least: 4, most: 4 })
})

test('who has hung up is not known while the connections are not', () => {
  assert.equal(see(new Memory(), { atMs: 1000, lengths: [4] }).hungUp, undefined)
})

test('a peak belongs to the limit that it was seen under', () => {
  const memory = new Memory()
  const peakOf = (atMs: number, length: number, limit: number, peak: number): number | undefined =>
    see(memory, { atMs, lengths: [length], limit, peak }).peaks.get('1')
  assert.equal(peakOf(1000, 20, 128, 49), 49)
  assert.equal(peakOf(1100, 20, 0, 49), 0, 'what still stands there from before has not come under this limit')
  assert.equal(peakOf(1200, 1, 0, 49), 1)
  assert.equal(peakOf(30_000, 0, 0, 49), 1)
  assert.equal(peakOf(31_200, 0, 0, 1), 1, 'the window of the exporter has passed')
})

test('an age is the worst of the last two seconds, so that it does not count up and down', () => {
  const memory = new Memory()
  const ageOf = (atMs: number, beganMs: number): number | undefined =>
    see(memory, { atMs, lengths: [], dump: { beganMs, sees: {} } }).ages.connections
  assert.equal(ageOf(1400, 0), 1400)
  assert.equal(ageOf(1500, 1450), 1400)
  assert.equal(ageOf(3600, 3500), 100)
  assert.equal(see(memory, { atMs: 3700, lengths: [] }).ages.connections, undefined)
})

test('what BPF tells of each queue is its own wait: exact while nobody leaves, and as old as the reading otherwise', () => {
  const memory = new Memory()
  const seeExact = (atMs: number, lengths: number[], waits: (number | null)[]): Remembered => {
    const exact = (oldestWaitMs: number | null) => ({ synQueue: 0, young: 0, oldestWaitMs })
    const listeners = lengths.map((length, index) => ({
      ...listenerOf(index + 1, { length, limit: 128 }),
      exact: exact(waits[index] ?? null),
    }))
    const agesSeconds = { listeners: 0, syn_queue: 0.2, connections: null, counters: 0 }
    return memory.see(
      { snapshot: snapshotOf({ listeners, ports: [], agesSeconds }, atMs), backends: [], askedMs: 0 },
      8080,
    )
  }
  seeExact(1000, [3, 7, 0], [100, 500, null])
  const { waits } = seeExact(2000, [3, 5, 0], [1100, 400, null])
  assert.deepEqual(waits.get('1'), { leastMs: 1300, mostMs: 1300 })
  assert.deepEqual(waits.get('2'), { leastMs: 400, mostMs: 600 })
  assert.deepEqual(waits.get('3'), { leastMs: 0, mostMs: 0 })
})
