import assert from 'node:assert/strict'
import test from 'node:test'
import { checkSources, parseNamespaceSource } from './namespace-source.ts'

test('a namespace is written as self, all, NAME=PATH or NAME=PID', () => {
  assert.deepEqual(parseNamespaceSource('--netns', 'self'), { kind: 'self' })
  assert.deepEqual(parseNamespaceSource('--netns', 'all'), { kind: 'all' })
  assert.deepEqual(parseNamespaceSource('--netns', 'web=/run/netns/web'), {
    kind: 'path',
    name: 'web',
    path: '/run/netns/web',
  })
  assert.deepEqual(parseNamespaceSource('--netns', 'db=4711'), { kind: 'process', name: 'db', pid: 4711 })
})

for (const text of ['', 'web', '=/run/netns/web', 'web=', 'web=relative', 'web=0', 'web=-1', 'a b=/x', 'web=1e3'])
  test(`'${text}' is refused with the option's name`, () => {
    assert.throws(() => parseNamespaceSource('--netns', text), { name: 'UsageError', message: /^--netns '/ })
  })

test('a name can be given once only', () => {
  const web = parseNamespaceSource('--netns', 'web=1')
  assert.throws(() => checkSources('--netns', [web, parseNamespaceSource('--netns', 'web=2')]), { name: 'UsageError' })
  assert.doesNotThrow(() => checkSources('--netns', [web, { kind: 'self' }]))
})
