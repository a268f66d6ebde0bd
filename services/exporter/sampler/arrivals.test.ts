/** Between two dumps: with sockets of the real kernel. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { Listener } from '#kernel/fixtures/sockets.ts'
import { currentNamespaceInode, NetworkNamespace } from '#kernel/netns.ts'
import { SockDiag } from '#kernel/sock-diag.ts'
import { ListenerDump } from './listener-dump.ts'
import type { RawListener } from './message.ts'
import { NamespaceSampler } from './namespace-sampler.ts'
import { defaultPace } from './pace.ts'
import { PortIndex } from './port-index.ts'
import { noOwnSocket } from './quiet.ts'

const BACKLOG = 4

function connect(context: TestContext, listener: Listener, count: number): void {
  for (let clients = 0; clients < count; clients++) {
    const client = listener.connect()
    context.after(() => client[Symbol.dispose]())
  }
}

test('a queue that fills while reading has a budget is seen full, for no longer than it can have been', (context) => {
  using listener = new Listener({ backlog: BACKLOG })
  const inode = currentNamespaceInode()
  using namespace = new NetworkNamespace()
  const pace = { ...defaultPace, sampleIntervalMs: 4, listenersShare: 0.01 }
  const sampler = new NamespaceSampler({ netns: String(inode), inode, source: 'self' }, namespace, pace)
  context.after(() => sampler.close())
  const seen = (nowMs: number): RawListener | undefined =>
    sampler.toRaw(nowMs).listeners.find(({ port }) => port === listener.port)
  sampler.sampleListeners(0, true)
  assert.equal(seen(0)?.length, 0)
  for (const nowMs of [4, 8, 12, 16, 20]) sampler.sampleListeners(nowMs, false, { plenty: false })
  connect(context, listener, BACKLOG + 1)
  sampler.sampleListeners(24, false, { plenty: false })
  const full = seen(24)
  assert.equal(full?.length, BACKLOG + 1)
  assert.equal(full?.peak, BACKLOG + 1)
  assert.equal(full?.atLeastSeconds['1'], 0.004)
  for (const nowMs of [28, 32, 36, 40]) sampler.sampleListeners(nowMs, false, { plenty: false })
  sampler.sampleListeners(44, true)
  assert.equal(seen(44)?.atLeastSeconds['1'], 0.024, 'what stays full is full in between')
})

test('what was read stands while fewer have come than fit, and the lengths only while nobody has', (context) => {
  using listener = new Listener({ backlog: BACKLOG })
  using diag = new SockDiag()
  const dump = new ListenerDump(new PortIndex(defaultPace.peakWindowMs), defaultPace, noOwnSocket)
  dump.sample(diag, 0, true)
  assert.ok(!dump.standsAsRead(1, Number.POSITIVE_INFINITY, false), 'nobody knows how many have come')
  assert.ok(!dump.standsAsRead(1, BACKLOG + 1, false), 'so many fill it')
  assert.ok(dump.standsAsRead(1, 0, false))
  assert.ok(!dump.standsAsRead(1, 1, true), 'its length may have changed')
  connect(context, listener, 1)
  dump.sample(diag, 2, true)
  assert.ok(!dump.standsAsRead(3, 0, true), 'who waits may be accepted, which nothing counts')
  assert.ok(!dump.standsAsRead(3, BACKLOG, false), 'less room is left')
  assert.ok(dump.standsAsRead(3, 0, false))
})
