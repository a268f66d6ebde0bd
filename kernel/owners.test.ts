import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { inodeOf, Listener } from './fixtures/sockets.ts'
import { Cgroups, containerOfCgroupPath, ownersOf } from './owners.ts'

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
  assert.deepEqual({ ...inherited, pid: 0 }, { pid: 0, command: 'cat', commandLine: 'cat' })
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

test('an inode that nobody holds has no entry, and nobody is asked about none', () => {
  assert.equal(ownersOf(new Set([1])).size, 0)
  assert.equal(ownersOf(new Set(), '/nonexistent').size, 0)
})

test('the container is read from the cgroup paths of the usual runtimes', () => {
  const id = 'f'.repeat(12) + '0123456789abcdef'.repeat(4).slice(12)
  for (const cgroup of [
    `/docker/${id}`,
    `/system.slice/docker-${id}.scope`,
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${id}.scope`,
    `/kubepods/burstable/pod1/${id}`,
    `/machine.slice/libpod-${id}.scope/container`,
  ])
    assert.equal(containerOfCgroupPath(cgroup), 'f'.repeat(12), cgroup)
  for (const cgroup of ['/', '/user.slice/user-1000.slice/session-2.scope', '/docker/abc'])
    assert.equal(containerOfCgroupPath(cgroup), undefined, cgroup)
})

test('a cgroup is found by its number, also when it was made after the first look', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-cgroups-'))
  const cgroups = new Cgroups(root)
  const make = (name: string): bigint => {
    fs.mkdirSync(path.join(root, name), { recursive: true })
    return fs.statSync(path.join(root, name), { bigint: true }).ino
  }
  assert.equal(cgroups.path(fs.statSync(root, { bigint: true }).ino), '/')
  const inner = make('system.slice/inner.scope')
  assert.equal(cgroups.path(inner), '/system.slice/inner.scope')
  assert.equal(cgroups.path(0n), undefined)
  fs.rmSync(root, { recursive: true })
})
