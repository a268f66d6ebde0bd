/** Which namespaces are read, over time: what is found comes from the test, what is opened is this process's own. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import type { Discovery } from './message.ts'
import { NamespaceSet } from './namespace-set.ts'

const own = '/proc/thread-self/ns/net'
const ownInode = fs.statSync(own).ino

function watching() {
  const world = {
    discovery: undefined as Discovery | undefined,
    opened: [] as string[],
    failed: [] as string[],
    lines: [] as string[],
  }
  const set = new NamespaceSet(
    [{ kind: 'all' }],
    '/proc',
    {
      open: ({ netns }) => void world.opened.push(netns),
      close: ({ netns }) => void world.opened.splice(world.opened.indexOf(netns), 1),
      failed: (code) => void world.failed.push(code),
      log: (line) => void world.lines.push(line),
    },
    () => {
      const { discovery } = world
      world.discovery = undefined
      return discovery
    },
  )
  return { world, set }
}

test('a search that fails is counted and said once; what is read is read on, and it recovers', () => {
  const { world, set } = watching()
  let nowMs = 0
  const later = (discovery: Discovery): void => {
    world.discovery = discovery
    nowMs += 200
    for (let tick = 0; tick < 20; tick++) set.refresh(nowMs + 10 * tick)
  }
  later({ found: [{ inode: ownInode, path: own }] })
  assert.deepEqual(world.opened, [String(ownInode)])
  const failure = {
    failed: 'EMFILE',
    why: 'Cannot open /proc: this process cannot open any more files. Raise its limit: ulimit -n',
  }
  later(failure)
  later(failure)
  assert.deepEqual(world.failed, ['EMFILE', 'EMFILE'])
  assert.equal(world.lines.filter((line) => line.includes('cannot be looked for')).length, 1)
  assert.deepEqual(world.opened, [String(ownInode)])
  later({ found: [] })
  assert.equal(world.lines.at(-1), 'Network namespaces are looked for again')
})

test('however many are found, each tick opens one', () => {
  const { world, set } = watching()
  const paths = ['net', 'uts', 'ipc', 'mnt', 'pid', 'user', 'cgroup'].map((kind) => `/proc/thread-self/ns/${kind}`)
  world.discovery = { found: paths.map((path) => ({ inode: fs.statSync(path).ino, path })) }
  const opened = paths.map((_, tick) => {
    set.refresh(1000 + 10 * tick)
    return world.opened.length
  })
  assert.deepEqual(opened, [1, 2, 3, 4, 5, 6, 7])
})
