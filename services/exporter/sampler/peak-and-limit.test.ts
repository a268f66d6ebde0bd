/** A peak belongs to the limit under which it was seen: with sockets of the real kernel, whose backlog changes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test from 'node:test'
import { socketAddress, unixAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { currentNamespaceInode, NetworkNamespace } from '#kernel/netns.ts'
import { NamespaceSampler } from './namespace-sampler.ts'
import { defaultPace } from './pace.ts'

const ofThisNamespace = (seesAll = false): NamespaceSampler => {
  const inode = currentNamespaceInode()
  using namespace = new NetworkNamespace()
  const identity = { netns: String(inode), inode, source: 'self' } as const
  return new NamespaceSampler(identity, namespace, defaultPace, { seesAll: () => seesAll })
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('No free port on loopback')
  return address.port
}

interface Seen {
  length: number
  limit: number
  peak: number
}

/** Fills the queue of a listener with three, reads it, lets all be accepted, and listens again with another backlog. */
function shrink(family: number, address: Buffer, read: (nowMs: number) => Seen): void {
  const open: number[] = []
  const socket = (doing: string): number => {
    const fd = libc.socket(family, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, doing)
    open.push(fd)
    return fd
  }
  try {
    const listener = socket('Opening a listener')
    libc.bind(listener, address, 'Binding a listener')
    libc.listen(listener, 8, 'Listening')
    for (let clients = 0; clients < 3; clients++) libc.connect(socket('Opening a client'), address, 'Connecting')
    assert.deepEqual(read(0), { length: 3, limit: 8, peak: 3 })
    for (let clients = 0; clients < 3; clients++) {
      const fd = libc.acceptIfAny(listener, 'Accepting')
      assert.ok(fd !== undefined)
      open.push(fd)
    }
    assert.deepEqual(read(10), { length: 0, limit: 8, peak: 3 }, 'a drained queue keeps its peak')
    libc.listen(listener, 1, 'Listening again')
    assert.deepEqual(read(20), { length: 0, limit: 1, peak: 0 }, 'three have never waited where two fit')
    libc.listen(listener, 100, 'Listening again')
    libc.connect(socket('Opening a client'), address, 'Connecting')
    assert.deepEqual(read(30), { length: 1, limit: 100, peak: 1 })
  } finally {
    for (const fd of open) libc.close(fd)
  }
}

test('a new backlog of a TCP listener begins a new peak', async () => {
  const sampler = ofThisNamespace()
  const port = await freePort()
  try {
    shrink(libc.AF_INET, socketAddress('127.0.0.1', port), (nowMs) => {
      sampler.sampleListeners(nowMs, true)
      const found = sampler.toRaw(nowMs).listeners.find((listener) => listener.port === port)
      assert.ok(found !== undefined)
      const { length, limit, peak } = found
      return { length, limit, peak }
    })
  } finally {
    sampler.close()
  }
})

test('a new backlog of a UNIX listener begins a new peak', () => {
  const sampler = ofThisNamespace()
  const name = `spillway-peak-${process.pid}`
  try {
    shrink(libc.AF_UNIX, unixAddress(Buffer.from(`\0${name}`)), (nowMs) => {
      sampler.sampleUnixListeners(nowMs, 10)
      const found = sampler.toRaw(nowMs).unixListeners?.find((listener) => listener.path === `@${name}`)
      assert.ok(found !== undefined)
      const { length, limit, peak } = found
      return { length, limit, peak }
    })
  } finally {
    sampler.close()
  }
})

for (const [watched, seconds] of [
  [false, 0.1],
  [true, 0],
] as const)
  test(`of a new listener that is full samples ${watched ? 'add nothing to what is' : 'tell how long, where that is not'} watched`, async () => {
    const sampler = ofThisNamespace(watched)
    const open: number[] = []
    const socket = (doing: string): number => {
      const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, doing)
      open.push(fd)
      return fd
    }
    try {
      for (const nowMs of [0, 100, 200]) sampler.sampleListeners(nowMs, true)
      const port = await freePort()
      const address = socketAddress('127.0.0.1', port)
      const listener = socket('Opening a listener')
      libc.bind(listener, address, 'Binding a listener')
      libc.listen(listener, 1, 'Listening')
      for (let clients = 0; clients < 2; clients++) libc.connect(socket('Opening a client'), address, 'Connecting')
      for (const nowMs of [300, 400]) sampler.sampleListeners(nowMs, true)
      const found = sampler.toRaw(400).listeners.find((one) => one.port === port)
      assert.equal(found?.atLeastSeconds['1'], seconds)
      assert.equal(found?.atLeastSeconds['0.5'], 0.1)
    } finally {
      for (const fd of open) libc.close(fd)
      sampler.close()
    }
  })
