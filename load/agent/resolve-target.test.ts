import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveTarget } from './resolve-target.ts'

test('an address is taken as it is, and a name is looked up', async () => {
  assert.deepEqual(await resolveTarget({ host: '::1', port: 1 }), { host: '::1', port: 1 })
  assert.match((await resolveTarget({ host: 'localhost', port: 1 })).host, /^(127\.0\.0\.1|::1)$/)
})

test('what is neither is refused, and the field is named', async () => {
  await assert.rejects(resolveTarget({ host: 'no such name', port: 1 }), {
    statusCode: 400,
    validation: [{ instancePath: '/target/host' }],
    message: "target.host 'no such name' is neither an IP address nor a name that can be resolved",
  })
})
