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

test('accepted connections are told apart: unread, never served, silent, idle', () => {
  const { pastAccept } = totals(
    record('established', { receiveQueue: 10, bytesReceived: 10, lastDataReceivedMs: 700 }), // asked, not served
    record('close_wait', { receiveQueue: 11, bytesReceived: 11, lastDataReceivedMs: 300 }), // and has left
    record('established', { receiveQueue: 4, bytesReceived: 14, bytesSent: 5, lastDataReceivedMs: 900 }), // a second request
    record('established', { receiveQueue: 4, bytesReceived: 14, lastDataReceivedMs: 1 }), // half read
    record('established', { receiveQueue: 5, bytesReceived: 5, sendQueue: 20, lastDataReceivedMs: 1 }), // wants to answer
    record('established', { bytesReceived: 14, bytesSent: 5, lastDataReceivedMs: 60_000 }), // idle
    record('established', { bytesSent: 50, lastDataReceivedMs: 60_000 }), // greeted
    record('established', { lastDataSentMs: 5000, lastDataReceivedMs: 5000 }), // silent
    record('close_wait', { receiveQueue: 1, bytesReceived: 1, lastDataReceivedMs: 5000 }), // left without a word
    record('established', { inode: 0, receiveQueue: 10, bytesReceived: 10, lastDataReceivedMs: 9000 }), // waits
  )
  assert.deepEqual(pastAccept, {
    accepted: 9,
    unread: 5,
    unreadOldestMs: 900,
    silent: 1,
    silentOldestMs: 5000,
    unserved: 2,
    unservedOldestMs: 700,
  })
})

test('where the kernel does not tell the bytes, only what is unread is known', () => {
  const { pastAccept } = totals(
    record('established', { receiveQueue: 10, bytesReceived: 10, bytesSent: undefined, lastDataReceivedMs: 700 }),
  )
  assert.deepEqual(pastAccept, { accepted: 1, unread: 1, unreadOldestMs: 700 })
})

test('of those who wait, the ones that have sent a FIN are counted; those whose process has closed do not wait', () => {
  const seen = totals(
    record('established', { inode: 0 }),
    record('close_wait', { inode: 0, receiveQueue: 1 }),
    record('last_ack', { inode: 0, receiveQueue: 1 }),
  )
  assert.deepEqual([seen.waiting, seen.waitingFinished], [2, 1])
})

test('what concerns connections is left out where there is none', () => {
  const { pastAccept, waitingFinished, retransmitting, roundTripUs } = totals(record('time_wait'))
  assert.deepEqual(
    [pastAccept, waitingFinished, retransmitting, roundTripUs],
    [undefined, undefined, undefined, undefined],
  )
})

test('connections rest when nothing but a segment can change them or what is shown of them', () => {
  const rests = (...records: ConnectionRecord[]): boolean => {
    const sum = new ConnectionTotals()
    for (const one of records) sum.add(one)
    return sum.rests
  }
  const served = { bytesReceived: 3, bytesSent: 5 }
  assert.equal(rests(), true, 'there is none')
  assert.equal(rests(record('established', served), record('close_wait', served)), true)
  for (const [why, restless] of Object.entries({
    'it waits to be accepted': record('established', { ...served, inode: 0 }),
    'its data may be read': record('established', { ...served, receiveQueue: 1 }),
    'its FIN may be read': record('close_wait', { ...served, receiveQueue: 1 }),
    'its data may be sent, or sent again': record('established', { ...served, sendQueue: 1 }),
    'what is written to it may have to wait': record('established', { ...served, peerWindowBytes: 0 }),
    'it is silent, and its age is shown': record('established', { bytesReceived: 3 }),
    'a timer ends it': record('time_wait', served),
    'a timer may end it': record('fin_wait2', served),
  }))
    assert.equal(rests(record('established', served), restless), false, why)
})

test('on a kernel that does not tell bytes or windows nothing rests', () => {
  for (const missing of [{ bytesSent: undefined }, { peerWindowBytes: undefined }]) {
    const sum = new ConnectionTotals()
    sum.add(record('established', { bytesSent: 5, ...missing }))
    assert.equal(sum.rests, false)
  }
})
