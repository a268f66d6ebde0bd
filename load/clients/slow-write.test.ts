import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { descriptorOf } from '#kernel/descriptor.ts'
import { connectionQueues } from '#kernel/listener.ts'
import { Progress } from '../progress.ts'
import { startServer, type TestServer } from '../testing/server.ts'
import { connectionsOf } from '../testing/sockets.ts'
import { runSlowWrite } from './slow-write.ts'

const thanks = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** Reads whole requests and thanks for them. */
async function sink(): Promise<TestServer & { heads: string[]; bodyBytes: () => number }> {
  const heads: string[] = []
  let body = 0
  const server = await startServer((socket) => {
    let received = Buffer.alloc(0)
    let expected: number | undefined
    socket.on('data', (data) => {
      received = Buffer.concat([received, Buffer.from(data)])
      const end = received.indexOf('\r\n\r\n')
      if (expected === undefined && end >= 0) {
        const head = received.toString('latin1', 0, end)
        heads.push(head.split('\r\n')[0]!)
        expected = Number(/content-length: (\d+)/i.exec(head)?.[1])
        received = received.subarray(end + 4)
      }
      if (expected === undefined || received.length < expected) return
      body += received.length
      socket.end(thanks)
    })
  })
  return Object.assign(server, { heads, bodyBytes: () => body })
}

test('a body goes out as fast as the kernel takes it, and its answer ends the connection well', async () => {
  await using server = await sink()
  const progress = new Progress()
  await runSlowWrite(
    { kind: 'slow-write', target: server.target, connections: 3, bodyBytes: 1_000_000 },
    progress,
    new AbortController().signal,
  )
  const { outcomes, bytesWritten } = progress.report()
  assert.equal(outcomes.ok, 3)
  assert.deepEqual(server.heads, Array(3).fill('POST /sink HTTP/1.1'))
  assert.equal(server.bodyBytes(), 3_000_000)
  assert.ok(bytesWritten > 3_000_000 && bytesWritten < 3_001_000, String(bytesWritten))
})

test('with a server that does not read, its receive queues fill, and every byte is counted where it lies', async () => {
  await using server = await startServer((socket) => socket.pause())
  const progress = new Progress()
  const stop = new AbortController()
  const running = runSlowWrite(
    { kind: 'slow-write', target: server.target, connections: 2, bodyBytes: 100_000_000 },
    progress,
    stop.signal,
  )
  await eventually('the kernel takes no more, and what it took lies in its queues', () => {
    const seen = connectionsOf(server.target.port)
    const windows = seen.filter(({ peerPort }) => peerPort === server.target.port)
    const queued = seen.reduce((sum, { sendBytes, receiveBytes }) => sum + sendBytes + receiveBytes, 0)
    // Node reads once before a pause takes hold.
    const read = [...server.sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0)
    return (
      windows.length === 2 &&
      windows.every(({ peerWindowBytes }) => peerWindowBytes === 0) &&
      queued > 0 &&
      queued + read === progress.report().bytesWritten
    )
  })
  for (const socket of server.sockets) {
    const fd = descriptorOf(socket)
    assert.ok(fd !== undefined && connectionQueues(fd).receiveBytes > 0)
  }
  stop.abort()
  await running
  assert.equal(progress.outcomes.ok, 2)
  // Cut with a RST: unsent megabytes would else be offered to the server for minutes.
  await eventually('the kernel has none left', () => connectionsOf(server.target.port).length === 0)
})

test('a slow writer sends a little at a time', async () => {
  await using server = await sink()
  const progress = new Progress()
  const steps = new Set<number>()
  const watch = setInterval(() => steps.add(progress.report().bytesWritten), 5)
  await runSlowWrite(
    { kind: 'slow-write', target: server.target, connections: 1, bytesPerSecond: 400, bodyBytes: 500 },
    progress,
    new AbortController().signal,
  )
  clearInterval(watch)
  assert.equal(progress.outcomes.ok, 1)
  assert.ok(steps.size >= 3, `written in ${steps.size} steps`)
})

test('a server that resets in the middle of a body is counted so', async () => {
  await using server = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
  const progress = new Progress()
  await runSlowWrite(
    { kind: 'slow-write', target: server.target, connections: 2, bodyBytes: 50_000_000 },
    progress,
    new AbortController().signal,
  )
  assert.equal(progress.outcomes.reset, 2)
  assert.equal(progress.open, 0)
})
