import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'node:test'
import { nowhere } from './cgroup-path.ts'
import { type Kinship, networkOf, parentOf, relatedTo } from './unseen.ts'

const hiddenAs = (pid: number, given: Partial<Kinship> = {}): Kinship => ({
  pid,
  command: `p${pid}`,
  workload: nowhere,
  parent: 1,
  network: 7,
  ...given,
})
const server = hiddenAs(100, { command: 'web', parent: 90 })
const related = (...hidden: Kinship[]): number[] => relatedTo([server], hidden).map(({ pid }) => pid)

test('a process that has nothing to do with a socket is not said to hold it', () => {
  assert.deepEqual(related(hiddenAs(1, { parent: 0 }), hiddenAs(50), hiddenAs(51, { parent: 50 })), [])
  // Its parent is not hidden, and was seen to hold nothing: what is above has passed nothing down.
  assert.deepEqual(related(hiddenAs(80)), [])
})

test('descendants inherit sockets, wherever they live; ancestors make them, in the same network namespace', () => {
  assert.deepEqual(
    related(hiddenAs(101, { parent: 100, network: 8 }), hiddenAs(102, { parent: 101, network: 9 }), hiddenAs(103)),
    [101, 102],
  )
  assert.deepEqual(related(hiddenAs(90, { parent: 80 }), hiddenAs(80), hiddenAs(70)), [80, 90])
  assert.deepEqual(related(hiddenAs(90, { network: 8 })), [], 'as what starts containers does')
})

test('a socket may have been passed within a service, a container, or from one program to its successor', () => {
  const service = { ...nowhere, unit: 'web.service' }
  const own = { ...server, workload: service }
  const pids = (holder: Kinship, ...hidden: Kinship[]) => relatedTo([holder], hidden).map(({ pid }) => pid)
  assert.deepEqual(pids(own, hiddenAs(5, { workload: service }), hiddenAs(6, { workload: service, network: 8 })), [5])
  const session = { ...nowhere, unit: 'session-2.scope' }
  assert.deepEqual(pids({ ...server, workload: session }, hiddenAs(5, { workload: session })), [])
  const container = { ...nowhere, container: 'ab12' }
  assert.deepEqual(pids({ ...server, workload: container }, hiddenAs(5, { workload: container })), [5])
  assert.deepEqual(related(hiddenAs(5, { command: 'web' }), hiddenAs(6, { command: 'web', network: 8 })), [5])
  assert.deepEqual(related(hiddenAs(5, { command: 'web', network: undefined })), [5], 'it may be in the same')
})

test('the first process is nobody’s successor, and its children have inherited nothing', () => {
  const init = hiddenAs(1, { command: 'web', parent: 0 })
  assert.deepEqual(relatedTo([{ ...server, parent: 1 }], [init, hiddenAs(5)]), [])
  assert.deepEqual(
    relatedTo([init], [hiddenAs(5), hiddenAs(6, { command: 'web' })]).map(({ pid }) => pid),
    [6],
  )
})

test('whose child a process is, and in which network namespace, is told of every process', async () => {
  assert.equal(parentOf('/proc/self'), process.ppid)
  assert.equal(parentOf('/proc/4194305'), 'gone')
  const apart = spawn('unshare', ['--user', '--map-root-user', '--net', 'sh', '-c', 'echo there; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(apart.stdout, 'data')
  const near = spawn('cat')
  await once(near, 'spawn')
  assert.equal(networkOf(`/proc/${near.pid}`), networkOf('/proc/self'))
  assert.notEqual(networkOf(`/proc/${apart.pid}`), networkOf('/proc/self'))
  assert.equal(typeof networkOf(`/proc/${apart.pid}`), 'number')
  for (const child of [apart, near]) {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
})
