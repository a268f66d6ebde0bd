import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { PodNames } from './pod-names.ts'

const uid = '8a1b2c3d-1111-2222-3333-444455556666'
const idOf = (digit: string): string => digit.repeat(64)

/** The log folder of a node, as the kubelet keeps it. */
function node(context: TestContext) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-pods-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const world = { nowMs: 0 }
  const names = new PodNames('/nonexistent', [folder], () => world.nowMs)
  return {
    world,
    names,
    start(namespace: string, pod: string, container: string, id: string, podUid = uid) {
      const logs = path.join(folder, 'pods', `${namespace}_${pod}_${podUid}`, container)
      fs.mkdirSync(logs, { recursive: true })
      fs.mkdirSync(path.join(folder, 'containers'), { recursive: true })
      fs.symlinkSync(
        path.join(logs, '0.log'),
        path.join(folder, 'containers', `${pod}_${namespace}_${container}-${id}.log`),
      )
    },
    look(ms = 120_000) {
      world.nowMs += ms
      names.lookForUnknown()
    },
  }
}

test('a container has the names that the kubelet gave its log, however many dashes and dots there are in them', (context) => {
  const { names, start, look } = node(context)
  start('shop', 'web-7d9f8c-x2x4z', 'nginx', idOf('a'))
  start('kube-system', 'etcd-node-1.example', 'etcd-main-2', idOf('b'), idOf('c').slice(0, 32))
  assert.equal(names.of({ container: idOf('a'), pod: uid }), undefined)
  look()
  assert.deepEqual(names.of({ container: idOf('a'), pod: uid }), {
    namespace: 'shop',
    pod: 'web-7d9f8c-x2x4z',
    container: 'nginx',
  })
  assert.deepEqual(names.of({ container: idOf('b'), pod: '' }), {
    namespace: 'kube-system',
    pod: 'etcd-node-1.example',
    container: 'etcd-main-2',
  })
})

test('of the container that holds the namespaces of a pod, and of a static pod, the pod is known by its uid', (context) => {
  const { names, start, look } = node(context)
  const hash = '0123456789abcdef0123456789abcdef'
  start('shop', 'web-1', 'nginx', idOf('a'))
  start('kube-system', 'etcd-node', 'etcd', idOf('b'), hash)
  names.of({ container: idOf('f'), pod: uid })
  look()
  assert.deepEqual(names.of({ container: idOf('f'), pod: uid }), { namespace: 'shop', pod: 'web-1', container: '' })
  assert.deepEqual(names.of({ container: '', pod: hash }), {
    namespace: 'kube-system',
    pod: 'etcd-node',
    container: '',
  })
})

test('a container that starts later is found, also after many that never are', (context) => {
  const { names, start, look, world } = node(context)
  start('shop', 'web-1', 'nginx', idOf('a'))
  for (let looks = 0; looks < 20; looks++) {
    names.of({ container: idOf('d'), pod: '' })
    look()
  }
  start('shop', 'web-2', 'nginx', idOf('e'))
  names.of({ container: idOf('e'), pod: '' })
  look(1000)
  assert.equal(names.of({ container: idOf('e'), pod: '' })?.pod, 'web-2')
  assert.ok(world.nowMs > 0)
})

test('what is never found is soon looked for once a minute only', (context) => {
  const { names, start, world } = node(context)
  let looks = 0
  const reads = context.mock.method(fs, 'readdirSync')
  start('shop', 'web-1', 'nginx', idOf('a'))
  for (; world.nowMs < 600_000; world.nowMs += 500) {
    names.of({ container: idOf('d'), pod: '' })
    const before = reads.mock.callCount()
    names.lookForUnknown()
    if (reads.mock.callCount() > before) looks++
  }
  assert.ok(looks >= 10 && looks <= 17, `${looks} looks in ten minutes`)
})

test('a host without pods, and files that are no logs of containers, have no names', (context) => {
  const names = new PodNames('/nonexistent', ['/nonexistent'], () => 0)
  names.of({ container: idOf('a'), pod: uid })
  names.lookForUnknown()
  assert.equal(names.of({ container: idOf('a'), pod: uid }), undefined)
  assert.equal(names.of({ container: '', pod: '' }), undefined)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-pods-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  fs.mkdirSync(path.join(folder, 'containers'))
  for (const name of ['x.log', `a_b-${idOf('a')}.log`, `a_b_c-${idOf('a')}`, `a_b_c-${idOf('z')}.log`, '__-.log'])
    fs.writeFileSync(path.join(folder, 'containers', name), '')
  const odd = new PodNames('/nonexistent', [folder], () => 0)
  odd.of({ container: idOf('a'), pod: '' })
  odd.lookForUnknown()
  assert.equal(odd.of({ container: idOf('a'), pod: '' }), undefined)
})
