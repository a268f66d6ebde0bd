import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '#common/errors.ts'
import { Progress } from '../progress.ts'
import { HandshakeConnection } from './handshake-connection.ts'
import { ACK, FIN, PSH, RST, type Segment, SYN } from './tcp-segment.ts'

const CLIENT = { address: 0xc613_0001, port: 4000 }
const SERVER = { address: 0xc612_0002, port: 80 }
/** Both ends' numbers go round within the first few bytes. */
const FIRST = 0xffff_ffff
const PEER = 0xffff_fff0
const REQUEST = 'GET / HTTP/1.1\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nX-Spillway-Backend: b\r\nX-Spillway-Accept-Wait-Ms: 4\r\nContent-Length: 2\r\n\r\nok'

/** A connection that has sent its SYN, and a peer that says what it is told to. */
function begun() {
  const sent: Segment[] = []
  const progress = new Progress({ records: true })
  const connection = new HandshakeConnection({
    number: 1,
    from: CLIENT,
    to: SERVER,
    sequence: FIRST,
    request: REQUEST,
    scheduledMs: 0,
    progress,
    send: (segment) => sent.push(segment),
  })
  const hear = (flags: number, sequence: number, payload = '', acknowledgement = 0): void =>
    connection.hear({
      from: SERVER,
      to: CLIENT,
      flags,
      sequence: sequence >>> 0,
      acknowledgement,
      payload: Buffer.from(payload),
    })
  /** Flags, number and acknowledgement of what left since the last look. */
  const left = (): [flags: number, sequence: number, acknowledgement: number][] =>
    sent.splice(0).map(({ flags, sequence, acknowledgement }) => [flags, sequence, acknowledgement])
  return { connection, progress, sent, hear, left, synAck: () => hear(SYN | ACK, PEER, '', 0) }
}

/** The same, with the handshake finished and what it sent looked at. */
function connected() {
  const all = begun()
  all.synAck()
  all.connection.step('ack')
  all.left()
  return all
}

test('the SYN leaves at once, and then nothing until it is asked for', () => {
  const { connection, progress, left, synAck } = begun()
  assert.deepEqual(left(), [[SYN, FIRST, 0]])
  assert.equal(connection.report().state, 'syn-sent')
  synAck()
  synAck()
  assert.deepEqual(left(), [])
  assert.equal(connection.report().state, 'half-open')
  assert.equal(connection.report().synAcksMs.length, 2)
  const { started, open, connected } = progress.report()
  assert.deepEqual({ started, open, connected }, { started: 1, open: 1, connected: 0 })
})

test('the last ACK can be sent again, and the client is connected once', () => {
  const { connection, progress, left, synAck } = begun()
  synAck()
  left()
  connection.step('ack')
  connection.step('ack')
  assert.deepEqual(left(), [
    [ACK, 0, PEER + 1],
    [ACK, 0, PEER + 1],
  ])
  assert.equal(connection.report().state, 'acked')
  assert.equal(progress.connected, 1)
  assert.equal(progress.report().connectMs.count, 1)
})

test('a request acts as the last ACK, and sent again it is the same segment', () => {
  const { connection, progress, sent, synAck } = begun()
  synAck()
  sent.length = 0
  connection.step('request')
  connection.step('request')
  assert.deepEqual(sent[0], sent[1])
  assert.deepEqual(
    { flags: sent[0]?.flags, sequence: sent[0]?.sequence, acknowledgement: sent[0]?.acknowledgement },
    { flags: ACK | PSH, sequence: 0, acknowledgement: PEER + 1 },
  )
  assert.equal(String(sent[0]?.payload), REQUEST)
  assert.equal(connection.report().state, 'requested')
  assert.equal(progress.connected, 1)
  assert.equal(progress.bytesWritten, REQUEST.length)
})

test('without a SYN-ACK there is nothing to acknowledge', () => {
  const { connection, left } = begun()
  left()
  assert.throws(() => connection.step('ack'), UsageError)
  assert.throws(() => connection.step('request'), /not received a SYN-ACK yet/)
  assert.deepEqual(left(), [])
})

test('a SYN-ACK for another SYN is not ours', () => {
  const { connection, hear } = begun()
  hear(SYN | ACK, PEER, '', 5)
  assert.equal(connection.answerable, false)
})

test('an answer in pieces, out of order and twice, is acknowledged as far as it is whole', () => {
  const { connection, progress, hear, left } = connected()
  connection.step('request')
  left()
  const at = (offset: number): number => (PEER + 1 + offset) >>> 0
  hear(ACK, at(0), ANSWER.slice(0, 10), REQUEST.length)
  hear(ACK, at(20), ANSWER.slice(20, 30), REQUEST.length)
  hear(ACK, at(0), ANSWER.slice(0, 10), REQUEST.length)
  hear(ACK, at(5), ANSWER.slice(5, 30), REQUEST.length)
  assert.deepEqual(
    left().map(([flags, sequence, acknowledgement]) => [flags, sequence, acknowledgement]),
    [10, 10, 10, 30].map((offset) => [ACK, REQUEST.length, at(offset)]),
  )
  hear(ACK | FIN, at(30), ANSWER.slice(30), REQUEST.length)
  assert.deepEqual(left(), [
    [ACK | FIN, REQUEST.length, at(ANSWER.length + 1)],
    [RST, REQUEST.length + 1, 0],
  ])
  assert.equal(progress.bytesRead, ANSWER.length)
  assert.equal(connection.record.outcome, 'ok')
})

test('an answered connection leaves its record and counts in the totals', () => {
  const { connection, progress, hear } = connected()
  connection.step('request')
  hear(ACK | FIN, PEER + 1, ANSWER, REQUEST.length)
  const report = connection.report()
  assert.equal(report.state, 'over')
  assert.equal(report.backend, 'b')
  assert.equal(report.acceptWaitMs, 4)
  assert.ok(report.answeredMs! >= report.requestedMs! && report.requestedMs! >= report.connectedMs!)
  const { open, outcomes, totalMs, acceptWaitMs } = progress.report()
  assert.deepEqual({ open, ok: outcomes.ok, totals: totalMs.count }, { open: 0, ok: 1, totals: 1 })
  assert.equal(acceptWaitMs.count, 1)
  assert.deepEqual(progress.records, [connection.record])
})

test('a FIN before the whole answer, or before any request, closes early', () => {
  const { connection, hear } = connected()
  connection.step('request')
  hear(ACK | FIN, PEER + 1, ANSWER.slice(0, -1), REQUEST.length)
  assert.equal(connection.record.outcome, 'closedEarly')
  const silent = connected()
  silent.hear(ACK | FIN, PEER + 1)
  assert.equal(silent.connection.record.outcome, 'closedEarly')
})

test('what is no HTTP fails and is reset', () => {
  const { connection, progress, hear, left } = connected()
  connection.step('request')
  left()
  hear(ACK | PSH, PEER + 1, 'SSH-2.0\r\n\r\n', REQUEST.length)
  assert.equal(connection.record.outcome, 'the response is not HTTP')
  assert.equal(progress.outcomes.failed, 1)
  assert.deepEqual(left(), [[RST, REQUEST.length, 0]])
})

test('an RST to the SYN is a refusal, and later a reset; after that nothing counts', () => {
  const refused = begun()
  refused.hear(RST | ACK, 0, '', 0)
  assert.equal(refused.connection.record.outcome, 'refused')
  const { connection, progress, hear, left } = connected()
  hear(RST, PEER + 1)
  hear(RST, PEER + 1)
  assert.equal(connection.record.outcome, 'reset')
  assert.equal(progress.outcomes.reset, 1)
  assert.throws(() => connection.step('reset'), /Connection 1 is over \(reset\)/)
  connection.cut()
  assert.deepEqual(left(), [])
})

test('a reset of a half-open connection abandons it; one that is connected and silent did what was asked', () => {
  const { connection, left, synAck } = begun()
  synAck()
  left()
  connection.step('reset')
  assert.deepEqual(left(), [[RST, 0, 0]])
  assert.equal(connection.record.outcome, 'abandoned')
  const silent = connected()
  silent.connection.step('reset')
  assert.equal(silent.connection.record.outcome, 'ok')
  assert.equal(silent.progress.report().totalMs.count, 0, 'it had no answer to time')
})

test('as long as nobody has acknowledged the request, the RST is sent for both cases', () => {
  const { connection, hear, left } = connected()
  connection.step('request')
  left()
  connection.step('reset')
  assert.deepEqual(left(), [
    [RST, 0, 0],
    [RST, REQUEST.length, 0],
  ])
  assert.equal(connection.record.outcome, 'abandoned')
  const acknowledged = connected()
  acknowledged.connection.step('request')
  acknowledged.left()
  acknowledged.hear(ACK, PEER + 1, '', REQUEST.length)
  acknowledged.connection.step('reset')
  assert.deepEqual(acknowledged.left(), [[RST, REQUEST.length, 0]])
  void hear
})
