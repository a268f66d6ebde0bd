import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { nowhere } from '#kernel/cgroup-path.ts'
import { NamespacePods } from './namespace-pods.ts'
import { Places } from './places.ts'
import { PodNames } from './pod-names.ts'
import { Workloads } from './workloads.ts'

const uid = '8a1b2c3d-1111-2222-3333-444455556666'
const id = 'a'.repeat(64)
const shop = { namespace: 'shop', pod: 'web-1' }

/** A proc file system of a host and a pod in it; the inode of a namespace is that of its file. */
function host(context: TestContext) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-places-'))
  context.after(() => fs.rmSync(root, { recursive: true }))
  const inodes = new Map<number, number>()
  const process = (pid: number, cgroup: string): void => {
    fs.mkdirSync(`${root}/proc/${pid}/ns`, { recursive: true })
    fs.writeFileSync(`${root}/proc/${pid}/ns/net`, '')
    fs.writeFileSync(`${root}/proc/${pid}/cgroup`, cgroup)
    inodes.set(pid, fs.statSync(`${root}/proc/${pid}/ns/net`).ino)
  }
  process(1, '0::/init.scope\n')
  process(7, `0::/\n3:memory:/kubepods/burstable/pod${uid}/${'f'.repeat(64)}\n`)
  fs.mkdirSync(`${root}/log/containers`, { recursive: true })
  fs.mkdirSync(`${root}/log/pods/shop_web-1_${uid}`, { recursive: true })
  fs.writeFileSync(`${root}/log/containers/web-1_shop_nginx-${id}.log`, '')
  const namespace = (pid: number): { inode: number; source: string } => ({
    inode: inodes.get(pid) ?? 0,
    source: `${root}/proc/${pid}/ns/net`,
  })
  const places = new Places(
    new Workloads(undefined),
    new NamespacePods(`${root}/proc`),
    new PodNames('/nonexistent', [`${root}/log`]),
  )
  return { root, namespace, places }
}

test('a listener whose process may not be looked into is known to be in the pod of its network namespace', (context) => {
  const { namespace, places } = host(context)
  const [, pod] = [namespace(1), namespace(7)]
  places.update([namespace(1), pod])
  places.of(pod.inode, undefined)
  places.lookForUnknown()
  assert.deepEqual(places.of(pod.inode, undefined), {
    unit: '',
    container: '',
    pod: uid,
    kubernetes: { ...shop, container: '' },
  })
  assert.deepEqual(places.ofNamespace(pod.inode), { kubernetes: { ...shop, container: '' } })
})

test('a listener whose process is known has the name of its container', (context) => {
  const { namespace, places } = host(context)
  places.update([namespace(1), namespace(7)])
  const owner = { unit: '', container: id, pod: uid }
  places.of(namespace(7).inode, owner)
  places.lookForUnknown()
  assert.deepEqual(places.of(namespace(7).inode, owner), { ...owner, kubernetes: { ...shop, container: 'nginx' } })
  // In the network namespace of the host too: its cgroup says which pod it is.
  assert.deepEqual(places.of(namespace(1).inode, owner).kubernetes, { ...shop, container: 'nginx' })
})

test('what a pod of the host network leaves unsaid, a namespace of the host does not fill in', (context) => {
  const { root, namespace, places } = host(context)
  // Its first visible process is one of a pod, and it is the host's all the same.
  const inHost = { inode: namespace(1).inode, source: `${root}/proc/7/ns/net` }
  places.update([inHost])
  assert.deepEqual(places.of(inHost.inode, undefined), nowhere)
  assert.deepEqual(places.of(inHost.inode, { unit: 'sshd.service', container: '', pod: '' }), {
    ...nowhere,
    unit: 'sshd.service',
  })
})

test('where the namespace of the host is not known, none is said to be of a pod', (context) => {
  const { root, namespace, places } = host(context)
  fs.rmSync(`${root}/proc/1`, { recursive: true })
  places.update([namespace(7)])
  assert.deepEqual(places.of(namespace(7).inode, undefined), nowhere)
})

test('a process that has taken the number of another says nothing of its namespace', (context) => {
  const { namespace, places } = host(context)
  places.update([{ inode: 5, source: namespace(7).source }])
  assert.deepEqual(places.of(5, undefined), nowhere)
})

test('on a hybrid host a socket in a pod is not of the unit in which its runtime made it', (context) => {
  const { namespace, places } = host(context)
  places.update([namespace(1), namespace(7)])
  const made = { unit: 'containerd.service', container: '', pod: '' }
  assert.deepEqual(places.of(namespace(7).inode, made), { unit: '', container: '', pod: uid })
})
