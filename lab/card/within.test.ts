import assert from 'node:assert/strict'
import test from 'node:test'
import { within } from './within.ts'

const never = (): Promise<void> => new Promise(() => {})

test('what is done in time is done, what is not goes on, and a failure is thrown', async () => {
  assert.equal(await within(60_000, Promise.resolve()), true)
  assert.equal(await within(1, never()), false)
  await assert.rejects(within(60_000, Promise.reject(new Error('refused'))), /refused/)
})

test('a failure that comes too late is nobody’s', async () => {
  const { promise, reject } = Promise.withResolvers<void>()
  assert.equal(await within(1, promise), false)
  reject(new Error('too late'))
})
