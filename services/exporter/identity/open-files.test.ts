import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { nowhere } from '#kernel/cgroup-path.ts'
import type { ListenerSample, NamespaceSample } from '../snapshot.ts'
import { OpenFiles } from './open-files.ts'

/** A namespace in which these processes hold a listener. */
const heldBy = (...pids: number[]): NamespaceSample => {
  const listener: ListenerSample = {
    address: '127.0.0.1',
    port: 80,
    shard: 1,
    length: 0,
    limit: 0,
    peak: 0,
    atLeastSeconds: { '0.5': 0, '0.9': 0, '1': 0 },
    fullSecondsInWindow: 0,
    used: true,
    drops: 0,
    inode: 1,
    cookie: '1',
    uid: 0,
    process: 'server',
    pid: pids[0] ?? null,
    pids,
    acceptors: null,
    device: '',
    ...nowhere,
  }
  return { netns: '1', name: '', inode: 1, agesSeconds: {}, listeners: [listener], ports: [], counters: {} }
}

async function found(proc: string, ...pids: number[]): Promise<unknown> {
  const files = new OpenFiles(proc)
  files.update([heldBy(...pids)])
  await files.settled()
  return files.known
}

test('of a process that listens its own count and limit are shown', async () => {
  const limits = fs.readFileSync('/proc/self/limits', 'utf8')
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1])
  const before = fs.readdirSync('/proc/self/fd').length
  const opened = Array.from({ length: 20 }, () => fs.openSync('/dev/null', 'r'))
  const files = new OpenFiles('/proc')
  files.update([heldBy(process.pid)])
  await files.settled()
  for (const fd of opened) fs.closeSync(fd)
  const [seen] = files.known ?? []
  assert.equal(seen?.limit, limit)
  assert.deepEqual([seen?.process, seen?.pid], ['server', process.pid])
  // Reading a folder takes a descriptor, and so does reading the limits.
  assert.ok(seen.open >= before + 19 && seen.open <= before + 24, `${seen.open} open, ${before} before`)
})

test('a process that has ended, or may not be looked into, is left out, and the others are not', async () => {
  const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-proc-'))
  try {
    const folder = (pid: number, limits: string): void => {
      fs.mkdirSync(path.join(proc, String(pid), 'fd'), { recursive: true })
      fs.writeFileSync(path.join(proc, String(pid), 'limits'), limits)
    }
    folder(1, 'Max open files            unlimited            unlimited            files     \n')
    folder(2, 'something else\n')
    fs.mkdirSync(path.join(proc, '3'))
    const seen = await found(proc, 1, 2, 3, 4)
    assert.ok(Array.isArray(seen) && seen.length === 1)
    assert.deepEqual({ ...seen[0], open: 0 }, { process: 'server', container: '', pid: 1, open: 0, limit: null })
  } finally {
    fs.rmSync(proc, { recursive: true })
  }
})

test('it looks again only when the last look is ten seconds old, and a process of two listeners is looked at once', async () => {
  let nowMs = 0
  const files = new OpenFiles('/proc', () => nowMs)
  files.update([heldBy(process.pid), heldBy(process.pid)])
  await files.settled()
  const first = files.known
  assert.equal(first?.length, 1)
  nowMs = 9999
  files.update([heldBy(process.pid)])
  await files.settled()
  assert.equal(files.known, first)
  nowMs = 10_000
  files.update([heldBy(process.pid)])
  await files.settled()
  assert.notEqual(files.known, first)
})
