import assert from 'node:assert/strict'
import test from 'node:test'
import { noneDeparted, perKind, type RawListener, type RawNamespace, type RawSnapshot } from './message.ts'
import { SnapshotPacker, SnapshotUnpacker } from './packed-snapshot.ts'

const namespace = (inode: number, rest: Partial<RawNamespace> = {}): RawNamespace => ({
  ...{ netns: String(inode), inode, source: 'self', listenersVersion: 0, listeners: [], ports: [], counters: {} },
  costs: perKind((kind) => ({
    ...{ count: kind.length, sumSeconds: 0.5, cpuSeconds: 0.25, readMs: kind === 'udp' ? null : 1000 + inode },
    ...{ goodForMs: 5000, lastSeconds: 0.01, maxSeconds: 0.02, intervalSeconds: 0.1 },
  })),
  ...rest,
})

const snapshot = (sequence: number, namespaces: RawNamespace[]): RawSnapshot => {
  const health = { lastSeconds: 0, intervalSeconds: 0, count: 0 }
  const dumps = { listeners: health, synQueue: health, connections: health, counters: health }
  return {
    ...{ sequence, timeMs: 0, monotonicMs: 0, namespaces, errors: [], departed: noneDeparted(), answers: 0 },
    ...{ startedMs: 0, lookCpuSeconds: 0 },
    sampler: { intervalSeconds: 0.01, samples: 0, late: 0, failed: 0, cpuSeconds: 0, dumps },
  }
}

test('what the main thread unpacks is what the sampler packed, whatever came, went, changed or stayed', () => {
  const counters = { TcpExt_ListenDrops: 1 }
  const limits = { 'net.core.somaxconn': 4096 }
  const series = [
    [namespace(1, { counters }), namespace(2, { counters: { Tcp_InSegs: 7 }, limits })],
    [namespace(1, { counters }), namespace(2, { counters: {}, limits })], // one has changed
    [namespace(2, { counters: {}, limits })], // one has gone
    [namespace(1, { counters }), namespace(2, { limits })], // and is back
    [namespace(1, { counters, otherCounters: { Ip_Forwarding: 1 } }), namespace(2)], // a part has come, one has gone
    [namespace(3), namespace(2, { limits })],
  ]
  const [packer, unpacker] = [new SnapshotPacker(), new SnapshotUnpacker()]
  for (const [sequence, namespaces] of series.entries()) {
    const raw = snapshot(sequence, namespaces)
    assert.deepEqual(unpacker.unpack(structuredClone(packer.pack(raw))), raw)
  }
})

const listener = (port: number, rest: Partial<RawListener> = {}): RawListener => ({
  ...{
    device: '',
    used: false,
    address: '127.0.0.1',
    port,
    length: 0,
    limit: 128,
    peak: 0,
    drops: 0,
    inode: port,
    uid: 0,
  },
  ...{ atLeastSeconds: { '0.5': 0, '0.9': 0, '1': 0 }, fullSecondsInWindow: 0, cookie: `${port}`, cgroupId: 7n },
  ...rest,
})
const ports = (used: boolean, ...numbers: number[]) => numbers.map((port) => ({ address: '127.0.0.1', port, used }))

test('rows of listeners and ports arrive as they are, whichever of them came, went or moved', () => {
  const spilt = { atLeastSeconds: { '0.5': 2, '0.9': 1, '1': 0.5 } }
  const series = [
    namespace(1, { listeners: [listener(1), listener(2), listener(3)], ports: ports(false, 1, 2, 3) }),
    namespace(1, { listeners: [listener(1), listener(2, { length: 5 }), listener(3)], ports: ports(false, 1, 2, 3) }),
    namespace(1, { listeners: [listener(1), listener(2, spilt), listener(3)], ports: ports(true, 1, 2, 3) }),
    namespace(1, { listeners: [listener(1), listener(2), listener(4)], ports: ports(false, 1, 2, 4) }), // one for another
    namespace(1, { listeners: [listener(2)], ports: ports(false, 2) }),
    namespace(1, { listeners: [listener(2, { seenSinceMs: 9 })], ports: [] }), // a field has come
    namespace(1, { listeners: [listener(2)], ports: ports(true, 5) }), // and gone
  ]
  const [packer, unpacker] = [new SnapshotPacker(), new SnapshotUnpacker()]
  for (const [sequence, one] of series.entries()) {
    const raw = snapshot(sequence, [one])
    assert.deepEqual(unpacker.unpack(structuredClone(packer.pack(raw))), raw)
  }
})

test('of many listeners and ports only those that have changed are sent', () => {
  const numbers = Array.from({ length: 1000 }, (_, at) => at + 1)
  const packer = new SnapshotPacker()
  const sent = (changed: number) =>
    packer.pack(
      snapshot(1, [
        namespace(1, {
          listeners: numbers.map((port) => listener(port, { length: port === changed ? 1 : 0 })),
          ports: ports(false, ...numbers),
        }),
      ]),
    ).namespaces[0]
  assert.equal(sent(0)?.listeners.rows.length, 1000)
  const next = sent(17)
  assert.deepEqual([next?.listeners.rows.map(({ port }) => port), next?.ports.rows], [[17], []])
})

test('counters that have not moved are sent once', () => {
  const counters = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`TcpExt_Counter${at}`, at]))
  const packer = new SnapshotPacker()
  const bytes = (): number => JSON.stringify(packer.pack(snapshot(1, [namespace(1, { counters })]))).length
  const first = bytes()
  assert.ok(bytes() < first / 5)
})
