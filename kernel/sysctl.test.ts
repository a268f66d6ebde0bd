import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inNamespace } from './fixtures/namespace.ts'
import { readSysctl } from './sysctl.ts'

interface Failure {
  code: string
  remedy: string
}

test('a sysctl is read and written in the namespace, and the kernel goes by it', async () => {
  const outside = readSysctl('net.core.somaxconn')
  const found = await inNamespace<{
    before: string
    after: string
    limit: number
    noNumber: Failure
    unknownRead: null
    unknownWrite: Failure
  }>('sysctls')
  assert.match(found.before, /^\d+$/)
  assert.equal(found.after, '9')
  assert.equal(found.limit, 9)
  assert.deepEqual(found.noNumber, { code: 'EINVAL', remedy: 'The kernel does not accept this value' })
  assert.equal(found.unknownRead, null)
  assert.match(found.unknownWrite.code, /ENOENT|EACCES/)
  assert.ok(found.unknownWrite.remedy)
  assert.equal(readSysctl('net.core.somaxconn'), outside, 'the host is as it was')
})
