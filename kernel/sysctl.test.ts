import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inNamespace } from './fixtures/namespace.ts'
import { isNameAlone, readSysctl } from './sysctl.ts'

interface Failure {
  code: string
  remedy: string
}

test('a setting that a kernel was given without what it does is told by the counter that came with that', () => {
  const counters = (names: string) => () => `TcpExt: ${names} TCPLossProbes\nTcpExt: 0 0\n`
  assert.equal(isNameAlone('net.ipv4.tcp_migrate_req', counters('SyncookiesSent')), true)
  assert.equal(isNameAlone('net.ipv4.tcp_migrate_req', counters('TCPMigrateReqSuccess')), false)
  assert.equal(isNameAlone('net.core.somaxconn', counters('SyncookiesSent')), false)
})

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
