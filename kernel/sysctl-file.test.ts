import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inNamespace } from './fixtures/namespace.ts'
import { readSysctl } from './sysctl.ts'
import { SysctlFile } from './sysctl-file.ts'

test('a sysctl file stays with the namespace in which it was opened, and shows what was written since', async () => {
  const found = await inNamespace<Record<'opened' | 'written' | 'other', string>>('sysctlFile')
  assert.deepEqual(found, { opened: '100', written: '300', other: '200' })
})

test('a setting that this kernel does not have is undefined, and no error', () => {
  const file = new SysctlFile('net.core.no_such_setting')
  assert.equal(file.read(), undefined)
  file.close()
})

test('it reads what the file says now', () => {
  const file = new SysctlFile('net.core.somaxconn')
  assert.equal(file.read(), readSysctl('net.core.somaxconn'))
  file.close()
})
