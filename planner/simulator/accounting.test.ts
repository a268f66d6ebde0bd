/** What must add up in any run of the simulator, whatever system it plays. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { defaultClient, defaultKernel, type Shard, type System } from '../system.ts'
import { endings } from './records.ts'
import { type Played, play } from './simulation.ts'

const LASTS_MS = 20_000
const times = (maxLength: number): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.oneof(fc.nat({ max: 2000 }), fc.double({ min: 0, max: LASTS_MS, noNaN: true })), { maxLength })
    .map((values) => Float64Array.from(values).sort())

/** Intervals in order that do not overlap. */
const intervals = (maxLength: number): fc.Arbitrary<{ fromMs: number; toMs: number }[]> =>
  fc.uniqueArray(fc.nat({ max: LASTS_MS }), { maxLength: 2 * maxLength }).map((ends) => {
    const sorted = ends.sort((a, b) => a - b)
    return Array.from({ length: sorted.length >> 1 }, (_, i) => ({ fromMs: sorted[2 * i]!, toMs: sorted[2 * i + 1]! }))
  })

const shard: fc.Arbitrary<Shard> = fc.record({
  backlog: fc.nat({ max: 8 }),
  loops: fc.array(
    fc.record({
      acceptMs: fc.constantFrom(0, 0.05, 3, 200),
      acceptCv: fc.constantFrom(0, 0.5, 1),
      handleMs: fc.constantFrom(0, 1, 50),
      acceptsPerTurn: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
      stalls: intervals(2),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  absences: intervals(2),
})

const system: fc.Arbitrary<System> = fc.record({
  arrivals: times(60),
  halfOpen: times(30),
  shards: fc.array(shard, { minLength: 1, maxLength: 3 }),
  steering: fc.constantFrom<System['steering']>(
    { by: 'hash' },
    { by: 'random' },
    { by: 'cpu', cpus: 2 },
    { by: 'member', member: 1 },
  ),
  kernel: fc
    .record({
      syncookies: fc.constantFrom(0 as const, 1 as const, 2 as const),
      synAckRetries: fc.nat({ max: 5 }),
      maxSynBacklog: fc.constantFrom(8, 2048),
      abortOnOverflow: fc.boolean(),
      migrateReq: fc.boolean(),
    })
    .map((kernel) => ({ ...defaultKernel, ...kernel })),
  client: fc
    .record({
      rttMs: fc.constantFrom(0, 0.1, 50, 900),
      timeoutMs: fc.constantFrom(100, 3000, 60_000),
      synRetries: fc.nat({ max: 6 }),
      synLinearTimeouts: fc.constantFrom(0, 4),
      hosts: fc.constantFrom(1, 1000),
    })
    .map((client) => ({ ...defaultClient, ...client })),
})

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)
const known = (moments: Float64Array): number => moments.filter((moment) => !Number.isNaN(moment)).length
const ended = ({ records }: Played, ending: (typeof endings)[number]): number =>
  records.ending.filter((value) => value === endings.indexOf(ending)).length

/** Plays whatever system comes, and looks at what it leaves. */
function holds(look: (played: Played, system: System) => void): void {
  const property = fc.property(system, fc.nat({ max: 1000 }), (played, seed) => look(play(played, { seed }), played))
  fc.assert(property, { numRuns: 300 })
}

test('each connection has ended in exactly one way when nothing more can happen, and none waits', () =>
  holds((played, { arrivals }) => {
    assert.equal(played.records.count, arrivals.length)
    assert.equal(ended(played, 'waiting'), 0)
    assert.equal(sum(endings.map((ending) => ended(played, ending))), arrivals.length)
    assert.equal(sum(played.shards.map(({ left }) => left)), 0)
  }))

test('the SYNs that reach the server are the first ones, those sent again, and the half-open ones', () =>
  holds(({ records, counters }, { arrivals, halfOpen }) => {
    assert.equal(sum(records.syns), arrivals.length + counters.synRetransmits)
    assert.equal(counters.syns, arrivals.length + counters.synRetransmits + halfOpen.length)
  }))

test('whoever is in an accept queue is accepted, or reset when its listener closes', () =>
  holds((played) => {
    const { records, counters, shards } = played
    const accepts = sum(shards.map((one) => one.accepts))
    assert.equal(accepts, known(records.acceptedMs))
    assert.equal(known(records.queuedMs), accepts + counters.EstabResets)
    assert.ok(ended(played, 'answered') <= accepts)
    assert.ok(ended(played, 'reset') >= counters.EstabResets + counters.EmbryonicRsts)
  }))

test('a drop is an overflow of the accept queue or, without cookies, of the SYN queue and its last quarter', () =>
  holds(({ records, counters, shards }, { halfOpen, kernel, shards: { length } }) => {
    const { ListenDrops, ListenOverflows, TCPReqQFullDrop } = counters
    const skDrops = sum(shards.map((one) => one.skDrops))
    assert.ok(length > 0)
    if (kernel.syncookies === 0) assert.ok(ListenDrops >= ListenOverflows + TCPReqQFullDrop)
    else assert.equal(ListenDrops, ListenOverflows)
    // A final ACK that meets a full queue is held twice against the socket.
    assert.ok(skDrops >= ListenDrops && skDrops <= 2 * ListenDrops, `${skDrops} of ${ListenDrops}`)
    const refused = sum(records.synDrops) + sum(records.finalAckDrops)
    assert.ok(refused <= ListenDrops && ListenDrops <= refused + halfOpen.length, `${refused} of ${ListenDrops}`)
  }))

test('cookies are sent only where they are on, and a full SYN queue drops only where they are off', () =>
  holds(({ counters }, { kernel }) => {
    const { SyncookiesSent, SyncookiesRecv, TCPReqQFullDoCookies, TCPReqQFullDrop } = counters
    assert.ok(SyncookiesSent <= TCPReqQFullDoCookies)
    if (kernel.syncookies === 0) assert.equal(TCPReqQFullDoCookies + SyncookiesRecv, 0)
    else assert.equal(TCPReqQFullDrop, 0)
  }))

test('no queue holds more than its backlog and one, unless others move in, and what moves counts only where it may', () =>
  holds(({ counters, shards }, { kernel, shards: planned }) => {
    if (kernel.migrateReq) return
    assert.equal(counters.TCPMigrateReqSuccess + counters.TCPMigrateReqFailure, 0)
    for (const [i, { queuePeak, longestMet }] of shards.entries()) {
      assert.ok(queuePeak <= planned[i]!.backlog + 1, `${queuePeak} of ${planned[i]!.backlog}`)
      assert.ok(longestMet <= queuePeak)
    }
  }))

test('a connection arrives, is connected, queued, accepted and answered in this order', () =>
  holds(({ records, endMs }) => {
    for (let i = 0; i < records.count; i++) {
      const moments = [records.arrivedMs[i]!, records.queuedMs[i]!, records.acceptedMs[i]!, records.answeredMs[i]!]
      const happened = moments.filter((moment) => !Number.isNaN(moment))
      assert.deepEqual(moments.slice(0, happened.length), happened, 'nothing happens without what comes before it')
      assert.deepEqual(
        happened,
        happened.toSorted((a, b) => a - b),
      )
      if (happened.length > 1) assert.ok(records.connectedMs[i]! >= records.arrivedMs[i]!)
      assert.ok((moments[2] ?? 0) <= endMs || Number.isNaN(moments[2]))
    }
  }))

test('the same seed plays the same run', () => {
  const property = fc.property(system, fc.nat({ max: 1000 }), (one, seed) => {
    assert.deepEqual(play(one, { seed }), play(one, { seed }))
  })
  fc.assert(property, { numRuns: 50 })
})
