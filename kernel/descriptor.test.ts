import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import { descriptorOf, handleNumber } from './descriptor.ts'

test('a server and a socket have the descriptor of a socket while they are open, and none before and after', async () => {
  const server = net.createServer((socket) => socket.resume())
  assert.equal(descriptorOf(server), undefined, 'before listen()')
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const socket = new net.Socket()
  assert.equal(descriptorOf(socket), undefined, 'before connect()')
  assert.equal(handleNumber(socket, 'bytesWritten'), undefined)
  await once(socket.connect(address.port, '127.0.0.1'), 'connect')
  for (const owner of [server, socket]) {
    const fd = descriptorOf(owner)
    assert.ok(fd !== undefined && fs.fstatSync(fd).isSocket())
  }
  await new Promise<void>((written) => socket.write('hello', () => written()))
  assert.deepEqual([handleNumber(socket, 'bytesWritten'), handleNumber(socket, 'writeQueueSize')], [5, 0])
  socket.destroy()
  server.close()
  assert.equal(descriptorOf(socket), undefined, 'closed')
  assert.equal(descriptorOf(server), undefined, 'closed')
})

test('a Node that keeps its descriptors elsewhere is named, instead of passing for a closed socket', () => {
  for (const owner of [new (class Socket {})(), { _handle: {} }])
    assert.throws(() => descriptorOf(owner), new RegExp(`Node ${process.version} has no _handle\\.fd`))
})
