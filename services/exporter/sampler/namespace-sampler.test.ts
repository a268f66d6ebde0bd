import assert from 'node:assert/strict'
import test from 'node:test'
import { unixAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { currentNamespaceInode, NetworkNamespace } from '#kernel/netns.ts'
import { Child, fixture } from '../fixtures/child.ts'
import { NamespaceSampler } from './namespace-sampler.ts'
import { defaultPace } from './pace.ts'

const ofThisNamespace = (): NamespaceSampler => {
  const inode = currentNamespaceInode()
  using namespace = new NetworkNamespace()
  return new NamespaceSampler({ netns: String(inode), inode, source: 'self' }, namespace, defaultPace)
}

test('a kind that the kernel refuses is asked for hardly ever, until it answers again; the others are not affected', () => {
  const sampler = ofThisNamespace()
  try {
    for (const kind of ['unix', 'udp'] as const) {
      const before = sampler.restFactor(kind, 0)
      sampler.answered(kind, false)
      assert.ok(sampler.restFactor(kind, 0) >= 100)
      assert.equal(sampler.restFactor('listeners', 0), 1)
      assert.equal(sampler.restFactor('counters', 0), 1)
      sampler.answered(kind, true)
      assert.equal(sampler.restFactor(kind, 0), before)
    }
  } finally {
    sampler.close()
  }
})

test('a namespace is asked for UNIX listeners less often while it has none', () => {
  const fd = libc.socket(libc.AF_UNIX, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, 'Opening a listener')
  const sampler = ofThisNamespace()
  try {
    assert.ok(sampler.restFactor('unix', 0) > 1)
    libc.bind(fd, unixAddress(Buffer.from(`\0spillway-rest-${process.pid}`)), 'Binding a listener')
    libc.listen(fd, 1, 'Listening')
    sampler.sampleUnixListeners(0, 10)
    assert.equal(sampler.restFactor('unix', 0), 1)
  } finally {
    sampler.close()
    libc.close(fd)
  }
})

test('what was never read is absent, not empty and not zero', () => {
  const sampler = ofThisNamespace()
  try {
    const raw = sampler.toRaw(0)
    for (const name of ['unixListeners', 'udpSockets', 'limits', 'sockstat', 'tcpMemory'] as const)
      assert.equal(raw[name], undefined, name)
    assert.deepEqual(raw.otherCounters, {})
  } finally {
    sampler.close()
  }
})

for (const [sentence, scenario] of [
  ['an outgoing connection is seen at the next reading where there was none before', './outgoing-scenario.ts'],
  [
    'a quiet namespace is asked for the listeners that it is known to have, and now and then for all',
    './quiet-scenario.ts',
  ],
  ['a quiet namespace beside a busy one is read less often until somebody waits in it', './sleeping-scenario.ts'],
  ['a first UDP socket is seen at the next reading where there was none before', './first-udp-scenario.ts'],
] as const)
  test(sentence, async () => {
    const words = ['-r', '-n', '--kill-child', '--fork', process.execPath, fixture(scenario)]
    await using child = new Child('unshare', words)
    assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
  })
