import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KernelError } from '#kernel/errors.ts'
import { describeError, UsageError } from './errors.ts'

test('what a person can mend is told in two lines, without a stack', () => {
  assert.equal(describeError(new UsageError('It is wrong', 'Mend it')), 'It is wrong\nMend it')
  assert.equal(describeError(new UsageError('It is wrong')), 'It is wrong')
  assert.equal(describeError(new KernelError('listen', 'EBADF', 'Listening')), 'Listening: listen failed with EBADF')
})

test('a fault of our own shows where it happened', () => {
  assert.match(describeError(new TypeError('oops')), /TypeError: oops\n\s+at .*errors\.test\.ts/)
  assert.equal(describeError('thrown text'), 'thrown text')
})
