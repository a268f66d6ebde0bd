import assert from 'node:assert/strict'
import test from 'node:test'
import { type TcpState, tcpStates } from '#kernel/sock-diag.ts'
import { type ConnectionRecord, ConnectionTotals, connectionStates } from './connection-totals.ts'

function record(state: TcpState, values: Partial<ConnectionRecord> = {}): ConnectionRecord {
  const base = {
    timer: 0,
    inode: 7,
    receiveQueue: 0,
    sendQueue: 0,
    lastDataSentMs: 0,
    lastDataReceivedMs: 0,
    bytesReceived: 0,
    bytesSent: 0,
    isRetransmitting: false,
    roundTripUs: 0,
    peerWindowBytes: 65_536,
  }
  return { ...base, ...values, state: tcpStates.indexOf(state) }
}

function totals(...records: ConnectionRecord[]) {
  const sum = new ConnectionTotals()
  for (const one of records) sum.add(one)
  return sum.toSample()
}

test('connections are counted by state, and every state is shown', () => {
  const { connections } = totals(record('established'), record('established'), record('time_wait'))
  assert.deepEqual(connections, {
    established: 2,
    time_wait: 1,
    fin_wait1: 0,
    fin_wait2: 0,
    close_wait: 0,
    last_ack: 0,
    closing: 0,
  })
})

test('half-open requests and listeners are not asked for', () => {
  for (const state of ['listen', 'syn_recv', 'syn_sent', 'close'] as const)
    assert.equal(connectionStates & (1 << tcpStates.indexOf(state)), 0, state)
})

test('only an open connection without an inode waits to be accepted, and the longest counts', () => {
  const unaccepted = { inode: 0, lastDataSentMs: 400 }
  const seen = totals(
    record('established', unaccepted),
    record('close_wait', { inode: 0, lastDataSentMs: 900 }),
    record('established', { lastDataSentMs: 5000 }),
    record('fin_wait2', { inode: 0, lastDataSentMs: 60_000 }),
  )
  assert.deepEqual([seen.waiting, seen.oldestWaitMs], [2, 900])
})

test('a FIN is no byte, in either direction', () => {
  const seen = totals(
    record('close_wait', { receiveQueue: 101 }),
    record('fin_wait1', { sendQueue: 51 }),
    record('last_ack', { receiveQueue: 1, sendQueue: 1 }),
    record('established', { receiveQueue: 10, sendQueue: 20 }),
  )
  assert.deepEqual([seen.receiveBytes, seen.receiveBytesMax], [110, 100])
  assert.deepEqual([seen.sendBytes, seen.sendBytesMax], [70, 50])
})

test('a closed window is counted by what the peer offers, and by the probing timer where that is not told', () => {
  assert.equal(totals(record('established', { peerWindowBytes: 0 })).zeroWindows, 1)
  assert.equal(totals(record('established', { timer: 4 })).zeroWindows, 0)
  assert.equal(totals(record('established', { timer: 4, peerWindowBytes: undefined })).zeroWindows, 1)
  assert.equal(totals(record('time_wait', { peerWindowBytes: 0 })).zeroWindows, 0)
})

test('a cleared sum is empty', () => {
  const sum = new ConnectionTotals()
  const empty = sum.toSample()
  sum.add(record('established', { receiveQueue: 5, sendQueue: 5, peerWindowBytes: 0, inode: 0, lastDataSentMs: 3 }))
  sum.clear()
  assert.deepEqual(sum.toSample(), empty)
})
