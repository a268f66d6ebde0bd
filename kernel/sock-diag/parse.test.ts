import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dumpBytes, type Fields, truth, walk } from '../fixtures/fixtures.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { CLOSE_WAIT, ESTABLISHED, LISTEN, SYN_RECV } from './layout.ts'

const TIME_WAIT = 6
const SYN_SENT = 2

const only = (sockets: Fields[], from: { port: number; peerPort: number }): Fields => {
  const found = sockets.filter((socket) => socket.port === from.port && socket.peerPort === from.peerPort)
  assert.equal(found.length, 1)
  return found[0]!
}

test('every listener shows its address, its queue, its limit and its drops as user space knows them', () => {
  const sockets = [...walk(dumpBytes('listen-v4')).sockets, ...walk(dumpBytes('listen-v6')).sockets]
  assert.ok(sockets.every((socket) => socket.state === LISTEN))
  for (const listener of truth.listeners) {
    const found = sockets.find((socket) => String(socket.cookie) === listener.cookie)
    assert.ok(found, `the listener on port ${listener.port} is there`)
    const seen = {
      cookie: String(found.cookie),
      inode: found.inode,
      address: found.address,
      port: found.port,
      limit: found.sendQueue,
      length: found.receiveQueue,
      drops: found.drops,
    }
    assert.deepEqual(seen, listener)
    assert.equal(found.shortCookie, Number(BigInt(listener.cookie) & 0xffff_ffffn))
    assert.equal(found.family, listener.address.includes(':') ? AF_INET6 : AF_INET)
    assert.equal(found.v6only, listener.port === 8084)
  }
})

test('one walk for any family gives the same listeners as one for each', () => {
  const each = [...walk(dumpBytes('listen-v4')).sockets, ...walk(dumpBytes('listen-v6')).sockets]
  const { sockets, ended } = walk(dumpBytes('listen-any'))
  assert.ok(ended)
  const byCookie = (a: Fields, b: Fields): number => Number(a.cookie - b.cookie)
  assert.deepEqual(sockets.sort(byCookie), each.sort(byCookie))
})

test('half-open requests say SYN_RECV and carry no attributes', () => {
  const { sockets, ended } = walk(dumpBytes('syn-recv'))
  assert.ok(ended)
  assert.equal(sockets.length, truth.halfOpen.count)
  for (const socket of sockets) {
    assert.equal(socket.state, SYN_RECV)
    assert.equal(socket.port, truth.halfOpen.port)
    assert.equal(socket.inode, 0)
    assert.equal(socket.drops, undefined)
    assert.equal(socket.lastDataSentMs, undefined)
    assert.equal(socket.peerWindowBytes, undefined)
  }
})

test('a connection that nobody accepted has no inode, but a wait and the bytes its peer has sent', () => {
  const socket = only(walk(dumpBytes('connections-v4')).sockets, truth.waitingBytes)
  assert.equal(socket.state, ESTABLISHED)
  assert.equal(socket.inode, 0)
  assert.equal(socket.receiveQueue, truth.waitingBytes.bytes)
  assert.ok(
    socket.lastDataSentMs! >= 200 && socket.lastDataSentMs! < 10_000,
    'it waited at least the pause of capture.ts',
  )
  assert.ok(socket.peerWindowBytes! > 0)
})

test('an accepted connection has an inode and its unread bytes', () => {
  const socket = only(walk(dumpBytes('connections-v4')).sockets, truth.unread)
  assert.notEqual(socket.inode, 0)
  assert.equal(socket.receiveQueue, truth.unread.bytes)
  assert.equal(socket.sendQueue, 0)
})

test('a FIN counts as one unread byte of a connection in CLOSE_WAIT', () => {
  const socket = only(walk(dumpBytes('connections-v4')).sockets, truth.finished)
  assert.equal(socket.state, CLOSE_WAIT)
  assert.equal(socket.receiveQueue, 1)
})

test('TIME_WAIT and SYN_SENT are there, in the number that was made', () => {
  const { sockets } = walk(dumpBytes('connections-v4'))
  const closing = sockets.filter((socket) => socket.state === TIME_WAIT)
  assert.deepEqual(
    closing.map((socket) => socket.port),
    [truth.timeWait.port],
  )
  const trying = sockets.filter((socket) => socket.state === SYN_SENT)
  assert.equal(trying.length, truth.synSent.count)
  assert.ok(trying.every((socket) => socket.peerPort === truth.synSent.peerPort && socket.sendQueue === 1))
})

test('a connection over IPv4 to a dual-stack listener is an IPv6 record with mapped addresses', () => {
  const { sockets } = walk(dumpBytes('connections-v6'))
  const mapped = sockets.filter((socket) => socket.address === '::ffff:127.0.0.1')
  assert.equal(mapped.length, 1)
  assert.equal(mapped[0]!.family, AF_INET6)
  assert.equal(mapped[0]!.peerAddress, '::ffff:127.0.0.1')
})

test('a dump without attributes shows the same sockets, and nothing that only attributes tell', () => {
  const bare = walk(dumpBytes('bare-v4')).sockets
  const full = [...walk(dumpBytes('listen-v4')).sockets, ...walk(dumpBytes('connections-v4')).sockets]
  const name = (socket: Fields): string => `${socket.cookie} ${socket.state} ${socket.receiveQueue} ${socket.sendQueue}`
  assert.deepEqual(bare.map(name).sort(), full.map(name).sort())
  assert.ok(bare.every((socket) => socket.drops === undefined && socket.lastDataSentMs === undefined))
})

test('the remains of another dump are passed over', () => {
  assert.deepEqual(walk(dumpBytes('listen-v4'), undefined, 2), { sockets: [], ended: false })
})

test('an error that the kernel reports has its errno name', () => {
  const error = Buffer.alloc(36)
  error.writeUInt32LE(36, 0)
  error.writeUInt16LE(2, 4)
  error.writeUInt32LE(1, 8)
  error.writeInt32LE(-16, 16)
  assert.throws(() => walk(error), { name: 'KernelError', call: 'sock_diag', code: 'EBUSY' })
  error.writeUInt16LE(3, 4) // the end of a dump carries a status too: no handler for the protocol
  error.writeInt32LE(-2, 16)
  assert.throws(() => walk(error), { name: 'KernelError', code: 'ENOENT', remedy: /modprobe/ })
})

test('a queue that was read between two changes is empty, not four thousand million bytes long', () => {
  const bytes = dumpBytes('connections-v4')
  bytes.writeInt32LE(-3, 16 + 60)
  assert.equal(walk(bytes).sockets[0]!.sendQueue, 0)
})
