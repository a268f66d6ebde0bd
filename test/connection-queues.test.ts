/** Receive and send queues of connections: the exporter's sums must equal what `ss` shows for the same sockets. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { counter, port } from './support/readings.ts'

interface Queues {
  connections: number
  receiveBytes: number
  receiveBytesMax: number
  sendBytes: number
  sendBytesMax: number
}

/** Sums over the server's established connections on the shared port, as ss shows them. */
async function ssQueues(lab: Lab): Promise<Queues> {
  const { stdout } = await lab.run(['ss', '-Htn', 'state', 'established', `sport = :${lab.plan.port}`])
  const rows = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/\s+/).map(Number))
  return {
    connections: rows.length,
    receiveBytes: rows.reduce((sum, [receive = 0]) => sum + receive, 0),
    receiveBytesMax: Math.max(0, ...rows.map(([receive = 0]) => receive)),
    sendBytes: rows.reduce((sum, [, send = 0]) => sum + send, 0),
    sendBytesMax: Math.max(0, ...rows.map(([, send = 0]) => send)),
  }
}

async function exported(lab: Lab): Promise<Queues> {
  const { connections, receiveBytes, receiveBytesMax, sendBytes, sendBytesMax } = await port(lab)
  return {
    connections: connections!.established!,
    receiveBytes: receiveBytes!,
    receiveBytesMax: receiveBytesMax!,
    sendBytes: sendBytes!,
    sendBytesMax: sendBytesMax!,
  }
}

test('clients that do not read fill the send queues, and their closed windows are counted', async () => {
  await using lab = await Lab.start({ backends: 1 })
  const readers = 5
  await lab.clients.start({ kind: 'slow-read', connections: readers, bytesPerSecond: 0, responseBytes: 8_000_000 })
  await eventually(
    'every window is closed',
    () => port(lab),
    ({ zeroWindows }) => assert.equal(zeroWindows, readers),
  )
  const seen = await eventually(
    'ss and the exporter agree',
    async () => ({ ss: await ssQueues(lab), exporter: await exported(lab) }),
    ({ ss, exporter }) => assert.deepEqual(exporter, ss),
  )
  assert.equal(seen.ss.connections, readers)
  assert.ok(seen.ss.sendBytes > readers * 10_000, `${seen.ss.sendBytes} bytes`)
})

test('a backend that does not read fills its receive queues and closes its windows', async () => {
  await using lab = await Lab.start({ backends: 1 })
  await lab.backend(1).set({ neverRead: true })
  const writers = 4
  await lab.clients.start({ kind: 'slow-write', connections: writers, bodyBytes: 50_000_000 })
  await eventually(
    'every writer has met a closed window',
    () => counter(lab, 'TCPToZeroWindowAdv'),
    (closed) => assert.ok(closed >= writers),
  )
  const seen = await eventually(
    'ss and the exporter agree',
    async () => ({ ss: await ssQueues(lab), exporter: await exported(lab) }),
    ({ ss, exporter }) => assert.deepEqual(exporter, ss),
  )
  assert.equal(seen.ss.connections, writers)
  assert.ok(seen.ss.receiveBytes > writers * 10_000, `${seen.ss.receiveBytes} bytes`)
  await lab.backend(1).set({ neverRead: false })
  await eventually(
    'what was unread is being read',
    () => port(lab),
    ({ receiveBytesMax }) => assert.ok(receiveBytesMax! < seen.ss.receiveBytesMax),
  )
})
