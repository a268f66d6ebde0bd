import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { inodeOf, Listener, openDescriptorOf } from './fixtures/sockets.ts'
import { findHolders, ownersOf } from './owners.ts'

test('a socket that a child has inherited has two owners, until the child ends', async () => {
  using listener = new Listener()
  using own = new Listener()
  const inode = inodeOf(listener.fd)
  const child = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore', listener.fd] })
  await once(child, 'spawn')
  const owners = ownersOf(new Set([inode, inodeOf(own.fd)]))
  const shared = owners.get(inode) ?? []
  assert.deepEqual(
    shared.map((owner) => owner.pid).sort((a, b) => a - b),
    [process.pid, child.pid!].sort((a, b) => a - b),
  )
  const inherited = shared.find((owner) => owner.pid === child.pid)
  assert.deepEqual([inherited?.command, inherited?.commandLine], ['cat', 'cat'])
  assert.deepEqual(
    owners.get(inodeOf(own.fd))?.map((owner) => owner.pid),
    [process.pid],
  )
  child.stdin!.end()
  await once(child, 'exit')
  assert.deepEqual(
    ownersOf(new Set([inode]))
      .get(inode)
      ?.map((owner) => owner.pid),
    [process.pid],
  )
})

test('sockets of every kind have owners: one of UNIX too', async () => {
  const server = net.createServer().listen({ path: `\0spillway-owners-${process.pid}` })
  await once(server, 'listening')
  const inode = inodeOf(openDescriptorOf(server))
  assert.deepEqual(
    ownersOf(new Set([inode]))
      .get(inode)
      ?.map((owner) => owner.pid),
    [process.pid],
  )
  server.close()
})

test('a command line of a megabyte is cut', async () => {
  using listener = new Listener()
  const words = Array.from({ length: 10 }, () => 'x'.repeat(100_000))
  const child = spawn('sh', ['-c', 'read line', ...words], { stdio: ['pipe', 'ignore', 'ignore', listener.fd] })
  await once(child, 'spawn')
  const owners = ownersOf(new Set([inodeOf(listener.fd)])).get(inodeOf(listener.fd)) ?? []
  const line = owners.find(({ pid }) => pid === child.pid)?.commandLine
  assert.ok(line?.startsWith('sh -c read line xxx') && line.length <= 4096)
  child.kill('SIGKILL')
  await once(child, 'exit')
})

test('a folder of processes that cannot be listed is an error and not a world without processes', () => {
  for (const folder of ['/nonexistent', '/etc/hostname'])
    assert.throws(() => findHolders(new Set([1]), { proc: folder }).next(), { syscall: 'scandir' }, folder)
})

test('an inode that nobody holds has no entry, and nobody is asked about none', () => {
  assert.equal(ownersOf(new Set([1])).size, 0)
  assert.equal(ownersOf(new Set(), '/nonexistent').size, 0)
})

test('a process that gives itself a name of control characters cannot give orders to the terminal of whoever reads it', async () => {
  using listener = new Listener()
  const rename = `printf 'a\\033[31m\\nb' > /proc/$$/comm; echo renamed; read line`
  const child = spawn('sh', ['-c', rename], { stdio: ['pipe', 'pipe', 'ignore', listener.fd] })
  await once(child.stdout!, 'data')
  const owners = ownersOf(new Set([inodeOf(listener.fd)])).get(inodeOf(listener.fd)) ?? []
  assert.equal(owners.find(({ pid }) => pid === child.pid)?.command, 'a?[31m?b')
  child.kill('SIGKILL')
  await once(child, 'exit')
})
