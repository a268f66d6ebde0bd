import assert from 'node:assert/strict'
import { test } from 'node:test'
import { socketAddress } from './address.ts'
import { errnoName, KernelError } from './errors.ts'
import { Listener } from './fixtures/sockets.ts'
import * as libc from './libc.ts'
import { acceptQueue } from './listener.ts'

test('a failed call says what failed, with what, while doing what, and what to do', () => {
  using taken = new Listener()
  assert.throws(
    () => new Listener({ port: taken.port }),
    (error: unknown) => {
      assert.ok(error instanceof KernelError)
      assert.equal(error.call, 'bind')
      assert.equal(error.code, 'EADDRINUSE')
      assert.equal(error.doing, 'Making a socket for a test')
      assert.match(error.remedy ?? '', /SO_REUSEPORT/)
      assert.equal(error.message, `${error.doing}: bind failed with EADDRINUSE. ${error.remedy}`)
      return true
    },
  )
})

test('a call without known advice says nothing about a remedy', () => {
  assert.throws(() => acceptQueue(-1), {
    name: 'KernelError',
    call: 'getsockopt',
    code: 'EBADF',
    remedy: undefined,
    message: 'Reading the accept queue: getsockopt failed with EBADF',
  })
})

test('advice for the very call wins over advice for the errno', () => {
  assert.match(new KernelError('setns', 'EPERM', 'x').remedy ?? '', /CAP_SYS_ADMIN/)
  assert.match(new KernelError('anything', 'EPERM', 'x').remedy ?? '', /capability/)
})

test('an errno has the name that programs know it by', () => {
  assert.equal(errnoName(11), 'EAGAIN')
  assert.equal(errnoName(98), 'EADDRINUSE')
  assert.equal(errnoName(4095), 'errno 4095')
})

test('a socket that has nothing to read says EAGAIN when it may not wait', () => {
  using listener = new Listener()
  using client = listener.connect()
  assert.throws(() => libc.recv(client.fd, Buffer.alloc(8), libc.MSG_DONTWAIT, 'x'), { code: 'EAGAIN' })
})

test('an address of another family than the socket is refused by the kernel', () => {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, 'x')
  assert.throws(() => libc.bind(fd, socketAddress('::1', 0), 'x'), { name: 'KernelError', call: 'bind' })
  libc.close(fd)
})
