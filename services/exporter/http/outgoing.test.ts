import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Outgoing } from './outgoing.ts'

/** More than the buffers of two sockets hold. */
const LARGE = Buffer.alloc(32_000_000)

async function serving(context: TestContext, outgoing: Outgoing, bodies: () => Buffer): Promise<number> {
  const server = http.createServer((_request, response) => {
    const body = bodies()
    outgoing.watch(response, body)
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

/** Asks, and reads nothing. */
function asks(context: TestContext, port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {})
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  context.after(() => socket.destroy())
  return socket
}

test('a reader that takes nothing is cut off, and its bytes are let go', async (context) => {
  const outgoing = new Outgoing(50)
  const port = await serving(context, outgoing, () => LARGE)
  asks(context, port)
  await eventually(
    'it is being served',
    () => outgoing.unreadBytes,
    (bytes) => bytes > 0,
  )
  await eventually(
    'it is cut off',
    () => outgoing.unreadBytes,
    (bytes) => bytes === 0,
  )
})

test('above the limit the oldest goes first, and readers of one page count once', async (context) => {
  const outgoing = new Outgoing(600_000, 2 * LARGE.length)
  const pages = [LARGE, LARGE, Buffer.from(LARGE), Buffer.from(LARGE)]
  let served = 0
  const port = await serving(context, outgoing, () => pages[served++] ?? LARGE)
  for (const [index, bytes] of [1, 1, 2].entries()) {
    asks(context, port)
    await eventually(
      `reader ${index + 1} is being served`,
      () => [served, outgoing.unreadBytes],
      ([count, unread]) => count === index + 1 && unread === bytes * LARGE.length,
    )
  }
  asks(context, port)
  await eventually(
    'those of the first page are gone',
    () => [served, outgoing.unreadBytes],
    ([count, unread]) => count === 4 && unread === 2 * LARGE.length,
  )
})

test('a reader that takes its answer is not disturbed', async (context) => {
  const outgoing = new Outgoing(600_000, 1)
  const port = await serving(context, outgoing, () => LARGE)
  const answers = await Promise.all([1, 2].map(() => fetch(`http://127.0.0.1:${port}`).then((one) => one.bytes())))
  assert.deepEqual(
    answers.map(({ length }) => length),
    [LARGE.length, LARGE.length],
  )
  assert.equal(outgoing.unreadBytes, 0)
})
