/** Accept queues of a real lab: the exporter, the kernel's counters and `ss` must agree. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { counter, listener, listeners, port, ssListeners } from './support/readings.ts'

/** Slow enough that each handshake is over before the next SYN: then only SYNs are dropped, never final ACKs. */
const ONE_BY_ONE = 1000
const BEYOND = 12

for (const backlog of [0, 1, 8, 128, 511])
  test(`a stalled backend with backlog ${backlog} holds ${backlog + 1} connections, and what it drops is counted three times alike`, async () => {
    await using lab = await Lab.start({ backends: [{ backlog }] })
    await lab.backend(1).stall()
    const before = await counter(lab, 'ListenDrops')
    const load = await lab.clients.start({ kind: 'hold', connections: backlog + 1 + BEYOND, ratePerSecond: ONE_BY_ONE })
    await eventually(
      'the queue is full and spills',
      () => listener(lab),
      (row) => {
        assert.equal(row.limit, backlog)
        assert.equal(row.length, backlog + 1)
        assert.ok(row.drops >= BEYOND, `${row.drops} drops`)
      },
    )
    // The clients give up, so nothing is sent again and the counts stand still.
    await load.stop()
    const gained = (await counter(lab, 'ListenDrops')) - before
    assert.equal(await counter(lab, 'ListenOverflows'), gained)
    const row = await eventually(
      'every drop is counted',
      () => listener(lab),
      (row) => assert.equal(row.drops, gained),
    )
    assert.ok(row.peak >= backlog + 1)
    assert.ok(row.atLeastSeconds['1'] > 0, 'time at the limit was counted')
    const [seen] = await ssListeners(lab)
    assert.deepEqual(seen, { length: row.length, limit: backlog, drops: gained })
  })

test('shards with different backlogs each show their own numbers, and their drops sum to ListenDrops', async () => {
  const backlogs = [4, 16, 64]
  await using lab = await Lab.start({ backends: backlogs.map((backlog) => ({ backlog })) })
  await Promise.all(lab.backends.map((backend) => backend.stall()))
  const load = await lab.clients.start({ kind: 'hold', connections: 400, ratePerSecond: ONE_BY_ONE })
  await eventually(
    'each queue is full to its own limit',
    () => listeners(lab),
    (rows) =>
      assert.deepEqual(
        rows.map(({ shard, limit, length }) => ({ shard, limit, length })),
        backlogs.map((backlog, index) => ({ shard: index + 1, limit: backlog, length: backlog + 1 })),
      ),
  )
  await load.stop()
  const dropped = await counter(lab, 'ListenDrops')
  const rows = await eventually(
    'every drop is counted',
    () => listeners(lab),
    (rows) =>
      assert.equal(
        rows.reduce((sum, { drops }) => sum + drops, 0),
        dropped,
      ),
  )
  assert.ok(
    rows.every(({ drops }) => drops > 0),
    'each shard dropped some',
  )
  for (const backend of lab.backends) {
    const { listener: own } = await backend.status()
    const row = rows[backend.number - 1]!
    assert.deepEqual(
      { inode: own?.inode, cookie: own?.cookie, drops: own?.drops },
      { inode: row.inode, cookie: row.cookie, drops: row.drops },
      `backend ${backend.number} is shard ${backend.number}`,
    )
  }
})

test('the accept wait read by the exporter and by the backend are one and the same', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 8 }] })
  await lab.backend(1).stall()
  const load = await lab.clients.start({
    kind: 'connections',
    arrivals: { shape: 'burst', connections: 1 },
    records: true,
  })
  const waited = await eventually(
    'one has waited for half a second',
    () => port(lab),
    ({ oldestWaitMs, waiting }) => {
      assert.equal(waiting, 1)
      assert.ok(oldestWaitMs! > 500)
    },
  )
  await lab.backend(1).release()
  const report = await load.done()
  assert.equal(report.outcomes.ok, 1)
  const [record] = await load.records()
  // Between the exporter's reading and the accept the wait grew; by how long the release took, and no clock error more.
  assert.ok(record?.acceptWaitMs !== undefined && record.acceptedMs !== undefined && record.connectedMs !== undefined)
  assert.ok(record.acceptWaitMs >= waited.oldestWaitMs!, `${record.acceptWaitMs} ms after ${waited.oldestWaitMs} ms`)
  // The client sees the handshake end a moment before the server does, and accepts are stamped on the same clock.
  const jiffyMs = 10 // HZ=100, the coarsest that Linux has
  const byClock = record.acceptedMs - record.connectedMs
  assert.ok(
    Math.abs(byClock - record.acceptWaitMs) <= 2 * jiffyMs + 50,
    `${byClock} ms by the clock, ${record.acceptWaitMs} ms by the kernel`,
  )
  const { acceptWait } = await lab.backend(1).status()
  assert.equal(acceptWait.maxMs, record.acceptWaitMs)
  await eventually(
    'nobody waits',
    () => port(lab),
    ({ waiting, oldestWaitMs }) => assert.deepEqual({ waiting, oldestWaitMs }, { waiting: 0, oldestWaitMs: 0 }),
  )
})

test('a final ACK that meets a full queue counts once as overflow and twice in sk_drops', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 10 }] })
  const backend = lab.backend(1)
  await backend.deferAccept(30)
  await backend.stall()
  const load = await lab.clients.start({ kind: 'hold', connections: 6, ratePerSecond: ONE_BY_ONE })
  await eventually(
    'six wait half open',
    () => port(lab),
    ({ synQueue }) => assert.equal(synQueue!.length, 6),
  )
  const deferred = await eventually(
    'each ACK is held back',
    () => listener(lab),
    (row) => assert.equal(row.drops, 6, 'each held-back ACK counts one'),
  )
  const before = { overflows: await counter(lab, 'ListenOverflows'), drops: await counter(lab, 'ListenDrops') }
  await backend.relisten(1)
  await load.speak() // data acts as the last ACK: 2 enter, 4 meet a full queue
  await eventually(
    'two have entered and four have met a full queue',
    () => listener(lab),
    (row) => {
      assert.equal(row.length, 2)
      assert.ok(row.drops - deferred.drops >= 8)
    },
  )
  await load.stop()
  await eventually(
    'overflows and drops are counted',
    async () => ({
      overflows: (await counter(lab, 'ListenOverflows')) - before.overflows,
      drops: (await counter(lab, 'ListenDrops')) - before.drops,
      bySocket: (await listener(lab)).drops - deferred.drops,
    }),
    ({ overflows, drops, bySocket }) => {
      assert.ok(overflows >= 4)
      assert.equal(drops, overflows)
      assert.equal(bySocket, 2 * overflows)
    },
  )
})
