import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { AcceptRing } from './accept-ring.ts'
import { KernelError } from './errors.ts'
import { Listener, pauseMs } from './fixtures/sockets.ts'
import * as libc from './libc.ts'
import { acceptQueue } from './listener.ts'

const unavailable = (): string | false => {
  try {
    using listener = new Listener()
    using _ring = new AcceptRing(listener.fd)
    return false
  } catch (error) {
    if (error instanceof KernelError) return error.message
    throw error
  }
}

test('the kernel accepts for a process that stands still, whatever the backlog', { skip: unavailable() }, async () => {
  using listener = new Listener({ backlog: 1 })
  using ring = new AcceptRing(listener.fd)
  using stack = new DisposableStack()
  for (let i = 0; i < 20; i++) {
    assert.ok(stack.use(listener.connect()).connected, `client ${i + 1} finds room`)
    pauseMs(1)
  }
  assert.equal(acceptQueue(listener.fd).length, 0)
  const accepted: number[] = []
  await eventually('all are there', () => accepted.push(...ring.take()) === 20)
  assert.equal(new Set(accepted).size, 20)
  for (const fd of accepted) libc.close(fd)
})

test('more connections than the ring has room for come one after the other', { skip: unavailable() }, async () => {
  using listener = new Listener()
  using ring = new AcceptRing(listener.fd)
  let count = 0
  for (let i = 0; i < 700; i++) {
    using _client = listener.connect()
    const accepted = await eventually(
      'it is accepted',
      () => ring.take(),
      (fds) => fds.length > 0,
    )
    for (const fd of accepted) libc.close(fd)
    count += accepted.length
  }
  assert.equal(count, 700)
})
