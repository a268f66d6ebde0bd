import assert from 'node:assert/strict'
import test from 'node:test'
import { labOf, shardOf as shard } from '#live/testing/state.ts'
import type { Evidence } from './evidence.ts'
import { explain } from './explain.ts'

/** A lab is evidence: what findings need of it. */
const view = (changes: Partial<Evidence> = {}): Evidence => ({ ...labOf(), ...changes })

const { clients, sysctls: sysctlDefaults } = labOf()
const port = labOf().portView!
const says = (changes: Partial<Evidence>, pattern: RegExp): void => assert.match(explain(view(changes)) ?? '', pattern)

test('a calm lab needs no words', () => {
  assert.equal(explain(view()), undefined)
})

test('a full shard among idle ones is named, with the share of clients that suffer', () => {
  says(
    { shards: [shard(1), shard(2, { length: 129, dropsPerSecond: 30 }), shard(3)] },
    /^Shard 2 is full while its neighbours idle: one client in three waits a second/,
  )
})

test('how a shard is chosen is said as it is: by hash, or by the program that steers the group', () => {
  const shards = [shard(1), shard(2, { length: 129, dropsPerSecond: 30 })]
  says({ shards }, /by the hash of the addresses/)
  says({ shards, steering: { by: 'random' } }, /at random, and chooses anew for a retransmitted SYN/)
  says({ shards, steering: { by: 'cpu' } }, /by the CPU that handles the SYN/)
  says({ shards, steering: { by: 'member', member: 1 } }, /every new connection to shard 2/)
})

test('a full queue that drops nothing yet promises only what is certain', () => {
  says({ shards: [shard(1), shard(2, { length: 129 })] }, /the next SYN assigned to it will be dropped/)
})

test('all shards full because they are stalled is told apart from all full under load', () => {
  const full = { length: 129, dropsPerSecond: 1 }
  says(
    { shards: [shard(1, { ...full, stalled: true }), shard(2, { ...full, stalled: true })] },
    /accept no connections/,
  )
  says({ shards: [shard(1, full), shard(2, full)] }, /faster than the backends accept/)
  says({ shards: [shard(1, full)] }, /^The accept queue is full/)
})

test('a full SYN queue says what protects: cookies, or nothing', () => {
  const drop = { name: 'TCPReqQFullDrop', perSecond: 80 }
  says(
    { sysctls: { ...sysctlDefaults, syncookies: 0 }, moved: [drop] },
    /syncookies are off: the kernel drops 80 SYNs a second/,
  )
  const cookie = { name: 'TCPReqQFullDoCookies', perSecond: 80 }
  says({ moved: [cookie], cookiesPerSecond: 80 }, /No counter named Listen… moves/)
  says(
    { sysctls: { ...sysctlDefaults, syncookies: 2 }, moved: [cookie], cookiesPerSecond: 80 },
    /every SYN with a cookie/,
  )
})

test('a stalled backend that still has room says how much', () => {
  says(
    { shards: [shard(1, { stalled: true, length: 29 }), shard(2)] },
    /^Shard 1 accepts no connections.*there is room for 100 more/,
  )
})

test('a clamped backlog names somaxconn', () => {
  says(
    { shards: [shard(1, { backlog: 70_000, limit: 4096 })] },
    /asked for a backlog of 70,000 and got 4,096: net\.core\.somaxconn of this namespace/,
  )
})

test('closed windows, unread bytes, closed listeners and dead processes are each said', () => {
  says({ portView: { ...port, zeroWindows: 2, sendBytes: 5_000_000 } }, /^2 clients have closed the window.*5 MB/)
  says({ portView: { ...port, receiveBytes: 700_000 } }, /^700 kB wait in receive queues/)
  says({ shards: [shard(1), shard(2, { state: 'closed' })] }, /^Shard 2 has closed its listener/)
  says({ shards: [shard(1), shard(2, { state: 'down' })] }, /^Shard 2 is down/)
  says({ shards: [shard(1, { state: 'closed' })] }, /connection refused/)
  says({ portView: { ...port, synQueue: { length: 60, limit: 384 } } }, /^60 half-open requests/)
})

const moved = (...names: string[]) => names.map((name) => ({ name, perSecond: 40 }))
const sysctls = (changes: Partial<Evidence['sysctls']>): Partial<Evidence> => ({
  sysctls: { ...sysctlDefaults, ...changes },
})
const halfOpen = (length: number) => ({ ...port, synQueue: { length, limit: 384 } })
const load = (changes: Partial<Evidence['loads'][number]>) => ({
  kind: 'connections',
  state: 'running',
  outcomes: { noPortLeft: 0 },
  ...changes,
})

test('a client without source ports is told apart from a server in trouble', () => {
  const exhausted = load({ outcomes: { noPortLeft: 12 } })
  const failing = { ...clients, noPortLeftPerSecond: 4 }
  says({ loads: [exhausted], clients: failing }, /^12 connection attempts found no free source port \(EADDRNOTAVAIL\)/)
  assert.equal(explain(view({ loads: [{ ...exhausted, state: 'done' }], clients: failing })), undefined)
  assert.equal(explain(view({ loads: [exhausted] })), undefined, 'what failed before is over')
})

test('it is said what migrates from a closed shard, and what cannot', () => {
  says(
    { moved: moved('TCPMigrateReqSuccess') },
    /moved to the remaining shards \(tcp_migrate_req=1\): 40 a second\. Completed/,
  )
  says({ moved: moved('TCPMigrateReqSuccess', 'TCPMigrateReqFailure') }, /40 a second could not be moved/)
  says({ moved: moved('TCPMigrateReqFailure') }, /no other shard had room/)
})

test('a closed listener says what became of its queue', () => {
  const shards = [shard(1), shard(2, { state: 'closed' })]
  says({ shards }, /Connections that waited in the queue were reset/)
  says({ shards, ...sysctls({ migrateReq: 1 }) }, /moved to another shard/)
})

test('TCP_DEFER_ACCEPT is named where it holds back silent clients', () => {
  says({ moved: moved('TCPDeferAcceptDrop'), portView: halfOpen(30) }, /^TCP_DEFER_ACCEPT holds back/)
})

test('drops without a full queue are the last quarter of tcp_max_syn_backlog, if syncookies are off', () => {
  const changes = { moved: moved('ListenDrops'), portView: halfOpen(96) }
  says({ ...changes, ...sysctls({ syncookies: 0 }) }, /last quarter of tcp_max_syn_backlog/)
  assert.doesNotMatch(explain(view(changes)) ?? '', /last quarter/)
})

test('final ACKs that meet a full queue are ignored, or reset with tcp_abort_on_overflow', () => {
  const shards = [shard(1, { length: 129, dropsPerSecond: 80 })]
  const changes = { shards, portView: halfOpen(20), moved: moved('ListenOverflows', 'EmbryonicRsts') }
  says(changes, /^The accept queue is full.* 20 requests are half-open beside it: where a final ACK met/)
  says({ ...changes, ...sysctls({ abortOnOverflow: 1 }) }, /^The accept queue is full.* 40 clients a second are reset/)
  // Half-open requests of clients that never answer prove nothing.
  const flooded = explain(view({ ...changes, clients: { ...clients, halfOpenPerSecond: 10 } })) ?? ''
  assert.match(flooded, /^The accept queue is full/)
  assert.doesNotMatch(flooded, /half-open/)
})

test('a full queue with cookies beside it does not claim that nothing named Listen moves', () => {
  const both = { moved: moved('TCPReqQFullDoCookies', 'ListenOverflows', 'ListenDrops'), cookiesPerSecond: 40 }
  says(both, /Legitimate clients still get in\. ListenDrops counts none of this/)
  const spilling = [shard(1, { length: 20, dropsPerSecond: 9 }), shard(2)]
  const flood = { ...clients, halfOpenPerSecond: 40 }
  says({ ...both, shards: spilling, clients: flood }, /get in where an accept queue has room\. ListenDrops counts none/)
})

test('a brief overflow names bursts, or slow accepts', () => {
  const shards = [shard(1, { length: 3, limit: 8, backlog: 8, dropsPerSecond: 30, peak: 9 })]
  says({ shards, moved: moved('ListenOverflows') }, /^Shard 1 overflows briefly.*Bursts are larger than the backlog/)
  const slow = [shard(1, { length: 100, dropsPerSecond: 30, faults: ['slow accept 20 ms'], acceptDelayMs: 20 })]
  says({ shards: slow, moved: moved('ListenOverflows') }, /less work per accept/)
})

test('a queue that holds more than fits says why', () => {
  const over = shard(1, { length: 30, limit: 8, backlog: 8, fill: 30 / 9 })
  says({ shards: [over, shard(2)] }, /^Shard 1 holds 30 connections although only 9 fit/)
})

test('handshakes by hand show that half-open requests are not in a queue', () => {
  says({ loads: [load({ kind: 'handshake' })], portView: halfOpen(2) }, /^2 requests are half-open.*hash table/)
  says({ loads: [load({ kind: 'handshake' })], portView: halfOpen(1) }, /^One request is half-open/)
})

test('a shard that catches up says how long its clients have waited', () => {
  const acceptWait = { meanMs: 900, p99Ms: 2100 }
  says(
    { shards: [shard(1, { acceptWait }), shard(2)] },
    /^Shard 1 accepts clients that have waited 2\.1 s in its queue/,
  )
  assert.equal(explain(view({ shards: [shard(1, { acceptWait: { meanMs: 2, p99Ms: 40 } })] })), undefined)
})

test('a socket on the port that is no backend’s is said', () => {
  says({ shards: [shard(1), shard(2, { processes: [] })] }, /^Shard 2 belongs to no backend/)
})

test('steering to one shard is said while somebody connects', () => {
  const steering = { by: 'member', member: 1 } as const
  says({ steering }, /every new connection to shard 2; the others get none/)
  assert.equal(explain(view({ steering, clients: { ...clients, startedPerSecond: 0 } })), undefined)
})

test('one process that takes all from a shared queue is said, and a fair share is not', () => {
  const processes = (...rates: number[]) =>
    rates.map((acceptsPerSecond, pid) => ({ pid, acceptsPerSecond, stalled: false, open: 0, lagMs: 0 }))
  const shared = (...rates: number[]) => ({ mode: 'shared', shards: [shard(1, { processes: processes(...rates) })] })
  says(
    shared(2, 98, 0),
    /^One queue, three processes, and process 2 accepts nearly all connections: the kernel wakes every waiting process/,
  )
  assert.equal(explain(view(shared(40, 30, 30))), undefined)
})

test('clients that retry after earlier drops explain slow connects', () => {
  const changes = { clients: { ...clients, synRetransmitsPerSecond: 30 } }
  says(changes, /^30 SYNs a second are retransmitted by clients whose SYNs were dropped before/)
})

test('a close call is said after it is over', () => {
  says(
    { shards: [shard(1, { peak: 120 }), shard(2)] },
    /^Shard 1 was nearly full within the last 30 s: its peak is 120 of 129/,
  )
  says({ shards: [shard(1, { peak: 129 }), shard(2, { peak: 110 })] }, /^Shards 1 and 2 were full.*129 of 129/)
  assert.equal(explain(view({ shards: [shard(1, { peak: 60 })] })), undefined)
})

test('the default backlog of Node is named where it is full', () => {
  const full = { length: 512, limit: 511, dropsPerSecond: 9, fill: 1 }
  says({ shards: [shard(1, { ...full, stalled: true })] }, /511 is Node's default backlog/)
  assert.doesNotMatch(explain(view({ shards: [shard(1, { length: 129, dropsPerSecond: 9 })] })) ?? '', /Node/)
})

test('a full SYN queue is that of one shard unless there is only one, or all are full', () => {
  const drop = { moved: moved('TCPReqQFullDrop'), ...sysctls({ syncookies: 0 }) }
  says({ ...drop, portView: halfOpen(130) }, /^The SYN queue of a shard is full/)
  says({ ...drop, portView: halfOpen(387) }, /^The SYN queue is full/)
  says({ ...drop, shards: [shard(1)], portView: halfOpen(120) }, /^The SYN queue is full/)
})
