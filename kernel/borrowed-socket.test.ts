import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import test from 'node:test'
import { withSocketOf } from './borrowed-socket.ts'
import { descriptorOf } from './descriptor.ts'
import { acceptQueue, relisten } from './listener.ts'

test('what is set on a borrowed socket holds for its owner, and the descriptor is given back', async () => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 7 }, resolve))
  const own = descriptorOf(server)!
  const inode = Number(/\d+/.exec(fs.readlinkSync(`/proc/self/fd/${own}`))?.[0])
  let borrowed = -1
  assert.ok(
    withSocketOf(process.pid, inode, (fd) => {
      borrowed = fd
      relisten(fd, 19)
    }),
  )
  assert.equal(acceptQueue(own).limit, 19)
  assert.ok(!fs.existsSync(`/proc/self/fd/${borrowed}`))
  server.close()
})

test('a process that does not hold the socket, or is not there, lends nothing', () => {
  const used = (): void => assert.fail('there is nothing to use')
  assert.equal(withSocketOf(process.pid, 1, used), false)
  assert.equal(withSocketOf(2 ** 22 - 1, 1, used), false)
})
