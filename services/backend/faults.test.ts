import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { AF_INET } from '#kernel/libc.ts'
import { PreparedDump, SockDiag, states } from '#kernel/sock-diag.ts'
import { Client, startBackend } from './testing/started.ts'

const answered = (client: Client): boolean => client.text.includes('"pid"')

test('acceptDelayMs: the loop stands still after each accept', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { acceptDelayMs: 150 })
  using first = new Client(backend.port).get()
  using second = new Client(backend.port).get()
  using third = new Client(backend.port).get()
  const clients = [first, second, third]
  await eventually('all are answered', () => clients.every(answered))
  const accepted = clients.map((client) => Number(client.header('x-spillway-accepted-ms'))).sort((a, b) => a - b)
  assert.ok(accepted[1]! - accepted[0]! >= 149, String(accepted))
  assert.ok(accepted[2]! - accepted[1]! >= 149, String(accepted))
  assert.ok((await backend.api.status()).acceptWait.maxMs > 100, 'who comes last waits longest')
})

test('a long accept delay ends when it is switched off', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { acceptDelayMs: 60_000 })
  using client = new Client(backend.port).get()
  await eventually('it is accepted', async () => (await backend.api.status()).accepts === 1)
  await backend.api.change('PATCH', '/faults', { acceptDelayMs: 0 })
  await eventually('it is answered', () => answered(client))
})

test('responseDelayMs: each response waits, the loop goes on', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { responseDelayMs: 60_000 })
  using client = new Client(backend.port).get()
  await eventually('it is accepted', async () => (await backend.api.status()).accepts === 1)
  using second = new Client(backend.port).get()
  await eventually('the next is accepted while the first waits', async () => (await backend.api.status()).accepts === 2)
  assert.equal(answered(client), false)
  await backend.api.change('PATCH', '/faults', { responseDelayMs: 100 })
  await eventually('both are answered', () => answered(client) && answered(second))
  const sentMs = Number(process.hrtime.bigint()) / 1e6
  assert.ok(sentMs - Number(client.header('x-spillway-accepted-ms')) >= 99)
})

test('readDelayMs: a connection waits before it is read', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { readDelayMs: 60_000 })
  using client = new Client(backend.port).get()
  await eventually('its request lies unread', () => unreadBytes(backend.port) > 0)
  assert.equal((await backend.api.status()).accepts, 1)
  await backend.api.change('PATCH', '/faults', { readDelayMs: 1 })
  await eventually('it is answered', () => answered(client))
})

test('readDelayMs: a long body is read chunk by chunk, and the rest stays in the kernel', async () => {
  await using backend = await startBackend()
  using client = new Client(backend.port)
  const bytes = 8_000_000
  await backend.api.change('PATCH', '/faults', { readDelayMs: 2000 })
  client.socket.write(`POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`)
  client.socket.write(Buffer.alloc(bytes))
  // The first window is 64 KiB; the kernel widens it only as it sees the application read.
  await eventually('the receive queue fills', () => unreadBytes(backend.port) > 32_768)
  await backend.api.change('PATCH', '/faults', { readDelayMs: 0 })
  await eventually('the whole body is read', () => client.text.includes(`{"bytes":${bytes}}`))
})

test('neverRead: every byte that is sent stays in the receive queue until it is switched off', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { neverRead: true })
  using client = new Client(backend.port)
  const body = 4000
  const head = `POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: ${body}\r\n\r\n`
  client.socket.write(head)
  client.socket.write(Buffer.alloc(body))
  await eventually('it is accepted', async () => (await backend.api.status()).accepts === 1)
  await eventually('all bytes lie in the kernel', () => unreadBytes(backend.port) === head.length + body)
  using second = new Client(backend.port).get()
  await eventually('the next is accepted all the same', async () => (await backend.api.status()).accepts === 2)
  const { open, responses, listener } = await backend.api.status()
  assert.deepEqual([open, responses, listener?.length], [2, 0, 0])
  assert.ok(unreadBytes(backend.port) > head.length + body, 'nothing was read meanwhile')
  await backend.api.change('PATCH', '/faults', { neverRead: false })
  await eventually('both are served', () => answered(second) && client.text.includes(`{"bytes":${body}}`))
})

test('a connection that was reset while nobody read it is gone when it is handed over', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { neverRead: true })
  using client = new Client(backend.port).get()
  await eventually('it is accepted', async () => (await backend.api.status()).accepts === 1)
  client.socket.resetAndDestroy()
  await backend.api.change('PATCH', '/faults', { neverRead: false })
  await eventually('it is closed', async () => (await backend.api.status()).open === 0)
})

test('responseBytes: GET / carries exactly that many bytes, still JSON', async () => {
  await using backend = await startBackend()
  const url = `http://127.0.0.1:${backend.port}/`
  const plain = await (await fetch(url)).text()
  for (const responseBytes of [200_000, plain.length + 1, plain.length]) {
    await backend.api.change('PATCH', '/faults', { responseBytes })
    const text = await (await fetch(url)).text()
    assert.equal(text.length, responseBytes)
    assert.deepEqual(JSON.parse(text), { backend: 'backend-t', pid: process.pid })
  }
  await backend.api.change('PATCH', '/faults', { responseBytes: 1 })
  assert.equal(await (await fetch(url)).text(), plain, 'never less than it has to say')
})

test('several requests on one connection are all answered, and tell the same accept', async () => {
  await using backend = await startBackend()
  using client = new Client(backend.port).get()
  await eventually('the first is answered', () => answered(client))
  const first = client.header('x-spillway-accepted-ms')
  client.text = ''
  client.get('/bytes/3')
  await eventually('the second is answered', () => client.text.endsWith('\r\n\r\n   '))
  assert.equal(client.header('x-spillway-accepted-ms'), first)
  assert.equal((await backend.api.status()).accepts, 1)
})

test('GET /bytes streams as many bytes as were asked for, and no more than the client takes', async () => {
  await using backend = await startBackend()
  const base = `http://127.0.0.1:${backend.port}`
  for (const count of [0, 1, 65_536, 1_000_001])
    assert.equal((await (await fetch(`${base}/bytes/${count}`)).arrayBuffer()).byteLength, count)
  for (const wrong of ['-1', 'x', '1.5', '9999999999'])
    assert.equal((await fetch(`${base}/bytes/${wrong}`)).status, 400, wrong)
  const { bodyBytes } = await backend.api.status()
  assert.equal(bodyBytes, 0 + 1 + 65_536 + 1_000_001, 'what was made of its answers is counted')

  using slow = new Client(backend.port)
  slow.socket.pause()
  const before = process.memoryUsage.rss()
  slow.get('/bytes/1000000000')
  await eventually('the send queue fills', () => queuedBytes(backend.port) > 100_000)
  assert.ok(process.memoryUsage.rss() - before < 500_000_000, 'the bytes are not held in memory')
  const made = (await backend.api.status()).bodyBytes - bodyBytes
  assert.ok(made > 100_000 && made < 500_000_000, `${made} bytes made`)
})

test('a response that the client does not wait for is not counted as sent', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { responseDelayMs: 60_000 })
  using client = new Client(backend.port).get()
  await eventually('it is accepted', async () => (await backend.api.status()).open === 1)
  client.socket.resetAndDestroy()
  await eventually('it is closed', async () => (await backend.api.status()).open === 0)
  await backend.api.change('PATCH', '/faults', { responseDelayMs: 0 })
  assert.equal((await fetch(`http://127.0.0.1:${backend.port}/`)).status, 200)
  await eventually('the other is counted', async () => (await backend.api.status()).responses === 1)
})

/** Bytes received on a port and not yet read, over its connections. */
const unreadBytes = (port: number): number => queues(port).received

/** Bytes that a port has to send, or that are not acknowledged yet, over its connections. */
const queuedBytes = (port: number): number => queues(port).toSend

function queues(port: number): { received: number; toSend: number } {
  using diag = new SockDiag()
  const total = { received: 0, toSend: 0 }
  diag.dump(new PreparedDump({ family: AF_INET, states: states.connections, port }), (socket) => {
    total.received += socket.receiveQueue
    total.toSend += socket.sendQueue
  })
  return total
}
