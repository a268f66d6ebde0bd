/** Who shares an address and port: programs that do not belong together, and sockets that nobody serves. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { hostFindingsOf } from './catalogue.ts'
import type { QueueEvidence } from './evidence.ts'
import { hostOf, processOf, queueOf } from './testing/host.ts'

const found = (...queues: Partial<QueueEvidence>[]) =>
  hostFindingsOf(
    hostOf({ queues: queues.map((queue, at) => queueOf({ shard: at + 1, shards: queues.length, ...queue })) }),
  )
const codes = (...queues: Partial<QueueEvidence>[]): string[] =>
  found(...queues).map(({ code, severity }) => `${severity} ${code}`)

const of = (who: string, pid: number): Partial<QueueEvidence> => ({
  who,
  processes: [processOf({ pid })],
  acceptors: [pid],
})

test('programs of different names at one address and port are told, with the processes of each', () => {
  const [first, ...rest] = found(of('shop', 10), of('shop', 11), of('billing', 20))
  assert.deepEqual([first?.code, first?.severity, rest.length], ['stranger-on-the-port', 'warning', 0])
  assert.match(first?.words ?? '', /shop \(10\) has 2 sockets, billing \(20\) has 1 socket/)
  assert.equal(first?.mends[0]?.line, 'kill 20')
})

test('workers of one program, those whose name may not be seen, and programs that share a process are no strangers', () => {
  assert.deepEqual(codes(of('shop', 10), of('shop', 11)), [])
  assert.deepEqual(codes(of('shop', 10), { who: undefined, processes: [], acceptors: undefined }), [])
  const handed = { who: 'shop', processes: [processOf({ pid: 1 }), processOf({ pid: 10 })] }
  assert.deepEqual(codes(handed, { who: 'systemd', processes: [processOf({ pid: 1 })] }), [])
})

test('a worker that is away from an empty queue for a moment is not called gone; one that lets a client wait is', () => {
  const away = { ...of('shop', 10), acceptors: [], processes: [processOf({ pid: 10, state: 'sleeps', cpuShare: 0 })] }
  assert.deepEqual(codes(away, of('shop', 11)), [])
  const waits = { ...away, length: 2, lengthBefore: 1, oldestWaitMs: 700, oldestWaitBeforeMs: 200 }
  assert.deepEqual(codes(waits, of('shop', 11)), ['warning nobody-accepts'])
})
