import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { inNamespace } from './fixtures/namespace.ts'
import { currentNamespaceInode, findNamespaces, NetworkNamespace } from './netns.ts'

test('a namespace is entered and left, work inside it comes back, and its sockets are its own', async () => {
  const found = await inNamespace<{
    home: number
    made: number
    inMade: number
    back: number
    inside: { inode: number; nested: number; after: number }
    thrown: string
    afterAll: number
    somaxconn: { home: string; made: string }
    port: number
    seenThere: number[]
    seenHere: number[]
    descriptors: number
    found: { inode: number; path: string }[]
  }>('namespaces')
  const { home, made } = found
  assert.notEqual(home, made)
  assert.notEqual(home, currentNamespaceInode())
  assert.equal(found.inMade, made)
  assert.equal(found.back, home)
  assert.deepEqual(found.inside, { inode: made, nested: home, after: made })
  assert.equal(found.thrown, 'Error: from inside')
  assert.equal(found.afterAll, home, 'the way back is taken also when the work throws')
  assert.deepEqual(found.somaxconn, { home: '100', made: '200' })
  assert.deepEqual(found.seenThere, [found.port], 'a diagnosis socket stays in the namespace where it was made')
  assert.deepEqual(found.seenHere, [])
  assert.equal(found.descriptors, 0, 'nothing is left open')
  assert.equal(found.found.length, 1)
  assert.equal(found.found[0]!.inode, home)
})

test('work in the namespace where one is already needs no privilege', () => {
  using here = new NetworkNamespace()
  assert.equal(here.inode, currentNamespaceInode())
  assert.equal(
    here.run(() => 'done'),
    'done',
  )
})

test('a namespace of nobody else has loopback up and nobody in it, and the thread stays where it was', async () => {
  const { home, inside, after, descriptors } = await inNamespace<{
    home: number
    inside: { inode: number; connected: boolean } | undefined
    after: number
    descriptors: number
  }>('apart')
  assert.ok(inside !== undefined)
  assert.notEqual(inside.inode, home)
  assert.equal(inside.connected, true)
  assert.equal(after, home)
  assert.equal(descriptors, 0, 'nothing is left open')
})

test('who may make no namespace is told so, and stays where he was', () => {
  const script = `
    import { currentNamespaceInode, newNamespaceIfAllowed } from '${new URL('./netns.ts', import.meta.url)}'
    const home = currentNamespaceInode()
    console.log(newNamespaceIfAllowed() === undefined && currentNamespaceInode() === home)`
  // With what a new namespace takes, and not what bringing loopback up in it takes, it is the same.
  const withouts = process.geteuid?.() === 0 ? ['-all', '-net_admin', '-sys_admin'] : ['-all']
  for (const without of withouts) {
    const node = [process.execPath, '--input-type=module', '--eval', script]
    const said = execFileSync('setpriv', ['--bounding-set', without, '--inh-caps', '-all', ...node], {
      encoding: 'utf8',
    })
    assert.equal(said, 'true\n', without)
  }
})

test('root of a user namespace, who could not come back, makes none', () => {
  const script = `
    import { currentNamespaceInode, newNamespaceIfAllowed } from '${new URL('./netns.ts', import.meta.url)}'
    const home = currentNamespaceInode()
    console.log(newNamespaceIfAllowed() === undefined && currentNamespaceInode() === home)`
  const node = [process.execPath, '--input-type=module', '--eval', script]
  assert.equal(execFileSync('unshare', ['-r', ...node], { encoding: 'utf8' }), 'true\n')
})

test('the namespaces of all processes are found, this one among them with this process', () => {
  const found = findNamespaces()
  const own = found.find((namespace) => namespace.inode === currentNamespaceInode())
  assert.ok(own?.pids.includes(process.pid))
  assert.equal(new Set(found.map((namespace) => namespace.inode)).size, found.length)
})
