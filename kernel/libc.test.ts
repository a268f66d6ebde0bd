import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import { socketAddress } from './address.ts'
import * as libc from './libc.ts'
import { PreparedDump, SockDiag, states } from './sock-diag.ts'

test('a batch of datagrams is sent with one call, each packet as it was written', async () => {
  const receiver = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(receiver, 'listening')
  const batch = new libc.DatagramBatch(20, 9, socketAddress('127.0.0.1', receiver.address().port))
  for (const [i, packet] of batch.packets.entries()) packet.write(`packet ${String(i).padStart(2, '0')}`)
  const received: string[] = []
  receiver.on('message', (message) => received.push(String(message)))
  const fd = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, 'Testing a batch')
  assert.equal(batch.send(fd, 15, 'Testing a batch'), 15)
  libc.close(fd)
  while (received.length < 15) await once(receiver, 'message')
  assert.deepEqual(
    received,
    Array.from({ length: 15 }, (_, i) => `packet ${String(i).padStart(2, '0')}`),
  )
  receiver.close()
})

test('a batch cannot send more packets than it has', () => {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, 'Testing a batch')
  const batch = new libc.DatagramBatch(3, 4, socketAddress('127.0.0.1', 9))
  assert.equal(batch.packets.length, 3)
  assert.ok(batch.send(fd, 50, 'Testing a batch') <= 3)
  libc.close(fd)
})

test('setting an option that the kernel does not know is an error with advice', () => {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, 'x')
  assert.throws(() => libc.setIntOption(fd, libc.SOL_SOCKET, 9999, 1, 'Testing an option'), {
    name: 'KernelError',
    call: 'setsockopt',
    code: 'ENOPROTOOPT',
    remedy: /too old/,
  })
  libc.close(fd)
})

test('epoll wakes for a connection that waits, and accept gives it; without one, accept says so', async () => {
  const listener = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC | libc.SOCK_NONBLOCK, 0, 'x')
  libc.bind(listener, socketAddress('127.0.0.1', 0), 'x')
  libc.listen(listener, 1, 'x')
  const epoll = libc.epollFor(listener, libc.EPOLLIN | libc.EPOLLEXCLUSIVE, 'x')
  assert.equal(libc.acceptIfAny(listener, 'x'), undefined)
  const client = net.connect(portOf(listener), '127.0.0.1')
  await once(client, 'connect')
  libc.epollWait(epoll, 'x')
  const connection = libc.acceptIfAny(listener, 'x')
  assert.ok(connection !== undefined)
  libc.send(connection, Buffer.from('hello'), 0, 'x')
  assert.equal(String((await once(client, 'data'))[0]), 'hello')
  client.destroy()
  for (const fd of [connection, epoll, listener]) libc.close(fd)
})

test('CPU time advances with every piece of work, however short, and not while the thread sleeps', () => {
  let sum = 0
  for (let round = 0; round < 50; round++) {
    const beforeMs = libc.threadCpuMs()
    for (let i = 0; i < 20_000; i++) sum += i % 7
    assert.ok(libc.threadCpuMs() > beforeMs, `round ${round}`)
  }
  assert.ok(sum > 0)
  const beforeMs = libc.threadCpuMs()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  assert.ok(libc.threadCpuMs() - beforeMs < 150, 'most of the sleep is not charged')
})

function portOf(listener: number): number {
  const { ino } = fs.fstatSync(listener)
  let port = 0
  using diagnosis = new SockDiag()
  diagnosis.dump(new PreparedDump({ family: libc.AF_INET, states: states.listen }), (socket) => {
    if (socket.inode === ino) port = socket.port
  })
  return port
}
