import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, Listener, nextConnection, openDescriptorOf, startServer } from './fixtures/sockets.ts'
import { AF_INET } from './libc.ts'
import { acceptQueue, connectionQueues, deferAccept, relisten, setReceiveBuffer, socketCookie } from './listener.ts'
import { PreparedDump, SockDiag, states } from './sock-diag.ts'

test('a queue of limit N holds N + 1, and the next SYN is held against the socket', () => {
  for (const backlog of [0, 1, 8]) {
    using listener = new Listener({ backlog })
    const clients = Array.from({ length: backlog + 1 }, () => listener.connect())
    assert.ok(clients.every((client) => client.connected))
    assert.deepEqual(acceptQueue(listener.fd), { length: backlog + 1, limit: backlog, drops: 0 })
    const late = listener.connect()
    assert.equal(late.connected, false)
    assert.ok(acceptQueue(listener.fd).drops >= 1)
    for (const client of [...clients, late]) client[Symbol.dispose]()
  }
})

test('another backlog changes the limit and leaves what waits', () => {
  using listener = new Listener({ backlog: 5 })
  const clients = Array.from({ length: 4 }, () => listener.connect())
  relisten(listener.fd, 1)
  assert.deepEqual(acceptQueue(listener.fd), { length: 4, limit: 1, drops: 0 })
  relisten(listener.fd, 9)
  assert.deepEqual(acceptQueue(listener.fd), { length: 4, limit: 9, drops: 0 })
  for (const client of clients) client[Symbol.dispose]()
})

test('a deferred listener keeps silent clients in the SYN queue', () => {
  using listener = new Listener()
  deferAccept(listener.fd, 60)
  using client = listener.connect()
  using diag = new SockDiag()
  const request = new PreparedDump({ family: AF_INET, states: states.synRecv, port: listener.port })
  const halfOpen = (): number => {
    let count = 0
    diag.dump(request, () => count++)
    return count
  }
  assert.ok(client.connected)
  assert.equal(acceptQueue(listener.fd).length, 0)
  assert.equal(halfOpen(), 1)
  client.send('x')
  assert.equal(acceptQueue(listener.fd).length, 1)
  assert.equal(halfOpen(), 0)
})

test('the queues of a connection are the bytes that nobody has read', async () => {
  const { server, port } = await startServer()
  using client = new Client('127.0.0.1', port)
  client.send('x'.repeat(321))
  const socket = await nextConnection(server)
  assert.deepEqual(connectionQueues(openDescriptorOf(socket)), { receiveBytes: 321, sendBytes: 0 })
  assert.deepEqual(connectionQueues(client.fd), { receiveBytes: 0, sendBytes: 0 })
  socket.destroy()
  server.close()
})

test('what a small receive buffer does not take stays in the send queue of the peer', async () => {
  const { server, port } = await startServer()
  setReceiveBuffer(openDescriptorOf(server), 4096)
  using client = new Client('127.0.0.1', port)
  let sent = 0
  for (let more = true; more; )
    try {
      client.send('x'.repeat(4096))
      sent++
    } catch (error) {
      assert.equal(Reflect.get(Object(error), 'code'), 'EAGAIN')
      more = false
    }
  const socket = await nextConnection(server)
  const { receiveBytes } = connectionQueues(openDescriptorOf(socket))
  const { sendBytes } = connectionQueues(client.fd)
  assert.ok(receiveBytes > 0 && receiveBytes < 16_384, `${receiveBytes}`)
  assert.ok(sendBytes > 0 && receiveBytes + sendBytes <= (sent + 1) * 4096, `${sendBytes}`)
  socket.destroy()
  server.close()
})

test('a cookie is unique to its socket and stays', () => {
  using first = new Listener()
  using second = new Listener()
  assert.notEqual(socketCookie(first.fd), socketCookie(second.fd))
  assert.equal(socketCookie(first.fd), socketCookie(first.fd))
})
