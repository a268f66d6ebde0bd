import assert from 'node:assert/strict'
import test from 'node:test'
import { Identifier } from './identity/identify.ts'
import { type DumpKind, dumpKinds, noneDeparted, perKind, type RawSnapshot } from './sampler/message.ts'
import type { PortSample, Snapshot } from './snapshot.ts'
import { tooOld, withoutOld } from './withheld.ts'

const NOW_MS = 100_000
const GOOD_FOR_MS = 5000

const port: PortSample = {
  address: '0.0.0.0',
  port: 80,
  used: true,
  synQueue: { length: 1, peak: 2, limit: 3 },
  oldestWaitMs: 4,
  waiting: 5,
  connections: { established: 6 },
  receiveBytes: 7,
  receiveBytesMax: 8,
  sendBytes: 9,
  sendBytesMax: 10,
  zeroWindows: 11,
}
const dump = { lastSeconds: 0, intervalSeconds: 0, count: 0 }

/** A snapshot in which kinds were last read so long ago, in milliseconds; null for never, 0 where nothing is said. */
function read(agesMs: Partial<Record<DumpKind, number | null>>): { raw: RawSnapshot; snapshot: Snapshot } {
  const costs = perKind((kind) => {
    const ageMs = agesMs[kind] === undefined ? 0 : agesMs[kind]
    const readMs = ageMs === null ? null : NOW_MS - ageMs
    const spent = { count: 1, sumSeconds: 0, cpuSeconds: 0, lastSeconds: 0, maxSeconds: 0, intervalSeconds: 0 }
    return { ...spent, readMs, goodForMs: GOOD_FOR_MS }
  })
  const raw: RawSnapshot = {
    ...{ sequence: 1, timeMs: 0, monotonicMs: NOW_MS, errors: [], answers: 0, startedMs: 0, lookCpuSeconds: 0 },
    namespaces: [
      {
        ...{ netns: 'lab', inode: 1, source: 'self', ports: [port], counters: { TcpExt_ListenOverflows: 12 } },
        listenersVersion: 1,
        costs,
        outgoing: { destinations: [], others: { destinations: 0, connections: {} } },
        ...{ unixListeners: [], udpSockets: [], limits: {}, sockstat: {} },
        listeners: [
          {
            ...{
              address: '0.0.0.0',
              port: 80,
              length: 1,
              limit: 2,
              peak: 1,
              fullSecondsInWindow: 0,
              drops: 0,
              used: true,
            },
            ...{
              atLeastSeconds: { '0.5': 0, '0.9': 0, '1': 0 },
              inode: 0,
              cookie: '1',
              uid: 0,
              device: '',
              cgroupId: undefined,
            },
          },
        ],
      },
    ],
    departed: noneDeparted(),
    sampler: {
      ...{ intervalSeconds: 0.01, samples: 1, late: 0, failed: 0, cpuSeconds: 0 },
      dumps: { listeners: dump, synQueue: dump, connections: dump, counters: dump },
    },
  }
  return { raw, snapshot: new Identifier('/proc').identify(raw) }
}

function shown(agesMs: Partial<Record<DumpKind, number | null>>): Record<DumpKind, boolean> {
  const { raw, snapshot } = read(agesMs)
  const [namespace] = withoutOld(snapshot, raw, NOW_MS).namespaces
  assert.ok(namespace)
  const [row] = namespace.ports
  assert.ok(row, 'the port itself stays')
  const { address: _, port: __, used: ___, synQueue, ...ofConnections } = row
  const all = Object.keys(ofConnections).length
  assert.ok(all === 0 || all === Object.keys(port).length - 4, 'what one dump gives comes and goes together')
  return {
    listeners: namespace.listeners.length > 0,
    syn_queue: synQueue !== undefined,
    connections: all > 0,
    counters: Object.keys(namespace.counters).length > 0,
    outgoing: namespace.outgoing !== undefined,
    unix: namespace.unixListeners !== undefined,
    udp: namespace.udpSockets !== undefined,
    limits: namespace.limits !== undefined || namespace.sockstat !== undefined,
  }
}

const everything = perKind(() => true)

test('a snapshot of which nothing is old is shown as it is', () => {
  const { raw, snapshot } = read({ connections: GOOD_FOR_MS })
  assert.equal(withoutOld(snapshot, raw, NOW_MS), snapshot)
  assert.deepEqual(tooOld(raw, NOW_MS), [])
})

test('what is too old is left out, and nothing else is', () => {
  for (const kind of dumpKinds) {
    assert.deepEqual(shown({ [kind]: GOOD_FOR_MS + 1 }), { ...everything, [kind]: false })
    assert.deepEqual(tooOld(read({ [kind]: GOOD_FOR_MS + 1 }).raw, NOW_MS), [kind])
  }
})

test('what was never read is left out', () => {
  for (const kind of dumpKinds) assert.deepEqual(shown({ [kind]: null }), { ...everything, [kind]: false })
})

test('a snapshot says how old each kind was when it was taken', () => {
  const { snapshot } = read({ counters: 1500, connections: null })
  assert.deepEqual(snapshot.namespaces[0]?.agesSeconds, { ...perKind(() => 0), connections: null, counters: 1.5 })
})
