import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { descriptorOf } from '#kernel/descriptor.ts'
import { connectionQueues } from '#kernel/listener.ts'
import { Progress } from '../progress.ts'
import { startServer } from '../testing/server.ts'
import { connectionsOf } from '../testing/sockets.ts'
import { runSlowRead } from './slow-read.ts'

const answer = (bytes: number): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`), Buffer.alloc(bytes)])

/** Serves /bytes/N, and says which paths were asked for. */
async function bytesServer() {
  const asked: string[] = []
  const server = await startServer((socket) =>
    socket.once('data', (request) => {
      const path = /^GET (\S+) /.exec(String(request))?.[1] ?? ''
      asked.push(path)
      socket.end(answer(Number(path.split('/')[2])))
    }),
  )
  return Object.assign(server, { asked })
}

test('clients that never read close their windows, and the send queues of the server fill', async () => {
  await using server = await bytesServer()
  const progress = new Progress()
  const stop = new AbortController()
  const responseBytes = 16_000_000
  const running = runSlowRead(
    { kind: 'slow-read', target: server.target, connections: 3, bytesPerSecond: 0, responseBytes },
    progress,
    stop.signal,
  )
  await eventually('all windows are closed', () => {
    const served = connectionsOf(server.target.port).filter(({ port }) => port === server.target.port)
    return (
      served.length === 3 && served.every(({ peerWindowBytes, sendBytes }) => peerWindowBytes === 0 && sendBytes > 0)
    )
  })
  assert.deepEqual(server.asked, Array(3).fill(`/bytes/${responseBytes}`))
  for (const socket of server.sockets) {
    const fd = descriptorOf(socket)
    assert.ok(fd !== undefined && connectionQueues(fd).sendBytes > 100_000)
  }
  assert.equal(progress.report().bytesRead, 0)
  stop.abort()
  await running
  assert.equal(progress.outcomes.ok, 3)
  await eventually('the kernel has none left', () => connectionsOf(server.target.port).length === 0)
})

test('slow clients read on, a little at a time, and end well when they have read everything', async () => {
  await using server = await bytesServer()
  const progress = new Progress()
  const stop = new AbortController()
  const running = runSlowRead(
    { kind: 'slow-read', target: server.target, connections: 2, bytesPerSecond: 400, responseBytes: 300 },
    progress,
    stop.signal,
  )
  const reads = new Set<number>()
  const watch = setInterval(() => reads.add(progress.bytesRead), 5)
  await running
  clearInterval(watch)
  assert.equal(progress.outcomes.ok, 2)
  assert.equal(progress.bytesRead, 2 * answer(300).length)
  assert.ok(reads.size >= 3, `read in ${reads.size} steps`)
})

test('a reset is noticed although nobody reads', async () => {
  await using server = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
  const progress = new Progress()
  await runSlowRead(
    { kind: 'slow-read', target: server.target, connections: 2, bytesPerSecond: 0, responseBytes: 10 },
    progress,
    new AbortController().signal,
  )
  assert.equal(progress.outcomes.reset, 2)
})

test('an answer that breaks off is closed early', async () => {
  await using server = await startServer((socket) => socket.once('data', () => socket.end(answer(100).subarray(0, 60))))
  const progress = new Progress()
  await runSlowRead(
    { kind: 'slow-read', target: server.target, connections: 1, bytesPerSecond: 100_000, responseBytes: 100 },
    progress,
    new AbortController().signal,
  )
  assert.equal(progress.outcomes.closedEarly, 1)
})
