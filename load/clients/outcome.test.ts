import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOfError } from './outcome.ts'

const error = (code: string, syscall = 'connect'): NodeJS.ErrnoException =>
  Object.assign(new Error(`${syscall} ${code} 198.18.0.2:8080`), { code, syscall })

test('each errno becomes its outcome', () => {
  assert.deepEqual(outcomeOfError(error('ECONNREFUSED'), false), { outcome: 'refused' })
  assert.deepEqual(outcomeOfError(error('ECONNRESET', 'read'), true), { outcome: 'reset' })
  assert.deepEqual(outcomeOfError(error('EPIPE', 'write'), true), { outcome: 'reset' })
  assert.deepEqual(outcomeOfError(error('ETIMEDOUT'), false), { outcome: 'timedOut' })
  assert.deepEqual(outcomeOfError(error('EADDRNOTAVAIL'), false), { outcome: 'noPortLeft' })
})

test('what has no kind of its own failed, in words that do not name the connection', () => {
  assert.deepEqual(outcomeOfError(error('EMFILE'), false), {
    outcome: 'failed',
    failure: 'connect EMFILE: this process has reached its limit on open files: raise it (ulimit -n)',
  })
  assert.deepEqual(outcomeOfError(error('EPERM'), false), { outcome: 'failed', failure: 'connect EPERM' })
})
