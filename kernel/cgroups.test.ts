import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { cgroup2Mounts, cgroup2Root, cgroupFolders } from './cgroups.ts'

test('each folder below a root is given with its number and its path', (context) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-cgroups-'))
  context.after(() => fs.rmSync(root, { recursive: true }))
  const numberOf = (name: string): bigint => fs.statSync(path.join(root, name), { bigint: true }).ino
  fs.mkdirSync(path.join(root, 'system.slice/inner.scope'), { recursive: true })
  fs.writeFileSync(path.join(root, 'system.slice/cgroup.procs'), '')
  assert.deepEqual(
    new Map(cgroupFolders(root)),
    new Map([
      [numberOf('.'), '/'],
      [numberOf('system.slice'), '/system.slice'],
      [numberOf('system.slice/inner.scope'), '/system.slice/inner.scope'],
    ]),
  )
  assert.deepEqual([...cgroupFolders(path.join(root, 'missing'))], [])
})

const HYBRID = [
  '25 20 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755',
  '26 25 0:23 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory',
  '27 25 0:24 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw',
  '',
].join('\n')

test('only mounts of version 2 are looked through, wherever they are', () => {
  assert.deepEqual(cgroup2Mounts(HYBRID), ['/sys/fs/cgroup/unified'])
  assert.deepEqual(cgroup2Mounts('30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n'), [
    '/sys/fs/cgroup',
  ])
  assert.deepEqual(cgroup2Mounts('26 25 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n'), [])
  assert.deepEqual(cgroup2Mounts('30 20 0:26 / /mnt/my\\040cgroups rw - cgroup2 none rw\n'), ['/mnt/my cgroups'])
  for (const text of ['', 'x', ' - cgroup2 ', '1 2 3 / - cgroup2 x']) assert.deepEqual(cgroup2Mounts(text), [])
})

test('in a container the mount of the whole hierarchy is taken before that of its own part', () => {
  const own = '40 30 0:26 /kubepods/pod1/abc /sys/fs/cgroup ro - cgroup2 cgroup rw'
  for (const [whole, root] of [
    ['41 30 0:26 / /host/cgroup ro - cgroup2 cgroup rw', 'root'],
    ['41 30 0:26 /../../.. /host/cgroup ro - cgroup2 cgroup rw', 'above'],
  ])
    assert.deepEqual(cgroup2Mounts([own, whole].join('\n')), ['/host/cgroup', '/sys/fs/cgroup'], root)
})

test('what is mounted over a hierarchy is not looked into: its folders have numbers of their own', (context) => {
  const found = [...cgroupFolders('/dev')].map(([, folder]) => folder)
  const device = fs.statSync('/dev').dev
  const others = fs
    .readdirSync('/dev', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && fs.statSync(`/dev/${entry.name}`).dev !== device)
  if (others.length === 0) return context.skip('nothing is mounted below /dev here')
  assert.ok(found.includes('/'))
  for (const { name } of others) assert.ok(!found.includes(`/${name}`), name)
})

test('of this host the hierarchy of version 2 is found, or none where there is none', () => {
  const root = cgroup2Root()
  const mounted = cgroup2Mounts(fs.readFileSync('/proc/self/mountinfo', 'utf8'))
  assert.equal(root !== undefined, mounted.length > 0)
  if (root !== undefined) assert.equal(fs.statfsSync(root).type, 0x63677270)
  assert.equal(cgroup2Root('/nonexistent'), undefined)
})
