import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Progress } from '../progress.ts'
import { startServer } from '../testing/server.ts'
import { connectionsOf } from '../testing/sockets.ts'
import { runSlowRead } from './slow-read.ts'

test('clients that send request after request and read no answer fill the send queue of a server with small answers', async () => {
  let requests = 0
  await using server = await startServer((socket) => {
    socket.on('data', (bytes) => {
      const came = String(bytes).split('PING\r\n').length - 1
      requests += came
      socket.write('+PONG, and some more, so that answers are longer than requests\r\n'.repeat(came))
    })
  })
  const progress = new Progress()
  const stop = new AbortController()
  const repeat = Buffer.from('PING\r\n').toString('base64')
  const running = runSlowRead(
    { kind: 'slow-read', target: server.target, connections: 1, bytesPerSecond: 0, responseBytes: 1, repeat },
    progress,
    stop.signal,
  )
  await eventually('its window is closed', () =>
    connectionsOf(server.target.port).some(
      ({ port, peerWindowBytes, sendBytes }) => port === server.target.port && peerWindowBytes === 0 && sendBytes > 0,
    ),
  )
  assert.ok(requests > 1000, `${requests} requests have come`)
  assert.equal(progress.report().bytesRead, 0)
  assert.equal(progress.report().open, 1, 'it is kept')
  stop.abort()
  await running
  assert.equal(progress.outcomes.ok, 1)
})
