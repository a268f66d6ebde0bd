import assert from 'node:assert/strict'
import test from 'node:test'
import type { BackendStatus } from '#services/backend/api.ts'
import { noFaults } from '#services/backend/no-faults.ts'
import type { PortSample } from '#services/exporter/snapshot.ts'
import { countedOf } from './counted.ts'
import type { Moment } from './view.ts'

const dump = { lastSeconds: 0, intervalSeconds: 0, count: 7 }

const port = (number: number, oldestWaitMs = 0): PortSample => ({
  address: '198.18.0.2',
  port: number,
  synQueue: { length: 0, peak: 0, limit: 128 },
  oldestWaitMs,
  waiting: 0,
  connections: {},
  receiveBytes: 0,
  receiveBytesMax: 0,
  sendBytes: 0,
  sendBytesMax: 0,
  zeroWindows: 0,
})

const backend = (changes: Partial<BackendStatus>): BackendStatus => ({
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

const moment = (
  backends: Moment['backends'],
  ports: PortSample[] = [port(8080)],
  counters: Record<string, number> = {},
): Moment => ({
  snapshot: {
    sequence: 1,
    timeMs: 0,
    monotonicMs: 0,
    ownersAgeSeconds: 0,
    namespaces: [{ netns: 'lab', name: '', inode: 1, listeners: [], ports, counters }],
    sampler: {
      intervalSeconds: 0.01,
      samples: 1,
      late: 0,
      failed: 0,
      cpuSeconds: 0,
      dumps: { listeners: dump, synQueue: dump, connections: dump, counters: dump },
    },
  },
  backends,
  loads: [],
  synRetransmits: 0,
  askedMs: 0,
})

const waits = (upToMs: number[], counts: number[]): BackendStatus['acceptWait'] => ({
  upToMs,
  counts,
  count: 0,
  sumMs: 0,
  maxMs: 0,
})

test('the kernel’s counters and how often they were read are taken as they are; those at zero are left out by the exporter', () => {
  const { readings, opens, overflows } = countedOf(moment([], [], { Tcp_PassiveOpens: 40 }), undefined, 8080)
  assert.deepEqual([readings, opens, overflows], [7, 40, 0])
})

test('what entered a queue was accepted from it or still waits in it; a backend that does not answer adds nothing', () => {
  const listener = {
    address: '198.18.0.2',
    port: 8080,
    backlog: 8,
    limit: 8,
    length: 3,
    drops: 0,
    cookie: '1',
    inode: 1,
  }
  const { entered } = countedOf(
    moment([backend({ pid: 41, accepts: 100, listener }), undefined, backend({ pid: 43, accepts: 5 })]),
    undefined,
    8080,
  )
  assert.deepEqual(entered, { 41: 103, 43: 5 })
})

test('other ports are named once each', () => {
  const ports = [port(8080), port(9101), { ...port(9101), address: '::' }, port(10_511)]
  assert.deepEqual(countedOf(moment([], ports), undefined, 8080).otherPorts, [9101, 10_511])
})

test('the longest wait is that of connections accepted meanwhile, or of one that still waits', () => {
  const before = moment([backend({ acceptWait: waits([4, 900], [50, 1]) })])
  const later = backend({ acceptWait: waits([4, 64, 900], [60, 2, 1]) })
  assert.equal(countedOf(moment([later]), before, 8080).longestWaitMs, 64)
  assert.equal(countedOf(moment([later], [port(8080, 412), port(9101, 9999)]), before, 8080).longestWaitMs, 412)
  const restarted = backend({ pid: 2, acceptWait: waits([64], [2]) })
  assert.equal(countedOf(moment([restarted]), before, 8080).longestWaitMs, 0)
})
