import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { BasicAuth } from './users.ts'

const users = new Map([
  ['alice', 'hash of a'],
  ['bob', 'hash of b'],
])

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

/** Knows `hash of X` for X, and counts. */
function counting() {
  const compared: string[] = []
  const auth = new BasicAuth(async (password, hash) => {
    compared.push(`${password}: ${hash}`)
    await turn()
    return hash === `hash of ${password}`
  })
  return { auth, compared }
}

test('a password is hashed once, however often and by how many at once it is given', async () => {
  const { auth, compared } = counting()
  const at = () => auth.judge(basic('alice:a'), users)
  assert.deepEqual(await Promise.all([at(), at(), at()]), ['admitted', 'admitted', 'admitted'])
  assert.equal(await at(), 'admitted')
  for (let times = 0; times < 2; times++) assert.equal(await auth.judge(basic('alice:b'), users), 'refused')
  assert.deepEqual(compared, ['a: hash of a', 'b: hash of a'])
})

test('an unknown user costs as much as a known one, and is refused whatever the password', async () => {
  const { auth, compared } = counting()
  assert.equal(await auth.judge(basic('carol:a'), users), 'refused')
  assert.deepEqual(compared, ['a: hash of a'])
  assert.equal(await auth.judge(basic('alice:a'), users), 'admitted')
  assert.equal(await auth.judge(basic('carol:a'), users), 'refused')
})

test('when a hash changes, what was known of the one before is not believed', async () => {
  const { auth } = counting()
  assert.equal(await auth.judge(basic('alice:a'), users), 'admitted')
  assert.equal(await auth.judge(basic('alice:a'), new Map([['alice', 'hash of other']])), 'refused')
  assert.equal(await auth.judge(basic('alice:a'), new Map([['bob', 'hash of a']])), 'refused')
})

test('guessing pushes out nobody who is known', async () => {
  const { auth, compared } = counting()
  assert.equal(await auth.judge(basic('alice:a'), users), 'admitted')
  for (let guess = 0; guess < 300; guess++) await auth.judge(basic(`alice:${guess}`), users)
  const before = compared.length
  assert.equal(await auth.judge(basic('alice:a'), users), 'admitted')
  assert.equal(compared.length, before)
  await auth.judge(basic('alice:0'), users)
  assert.equal(compared.length, before + 1, 'the first guess is forgotten')
})

test('so many passwords wait and no more; those that are known do not wait for them', async () => {
  const held = Promise.withResolvers<void>()
  const auth = new BasicAuth(async (password, hash) => {
    if (password !== 'a') await held.promise
    return hash === `hash of ${password}`
  })
  assert.equal(await auth.judge(basic('alice:a'), users), 'admitted')
  const guesses = Array.from({ length: 40 }, (_, guess) => auth.judge(basic(`bob:${guess}`), users))
  assert.equal(await auth.judge(basic('bob:one more'), users), 'busy')
  assert.equal(await auth.judge(basic('alice:a'), users), 'admitted')
  held.resolve()
  const verdicts = await Promise.all(guesses)
  assert.equal(verdicts.filter((verdict) => verdict === 'busy').length, 8)
  assert.equal(verdicts.filter((verdict) => verdict === 'refused').length, 32)
})

test('what is no basic authentication is refused without a hash', async () => {
  const { auth, compared } = counting()
  for (const header of [undefined, '', 'Basic', 'Basic !', `Bearer ${'a'.repeat(20)}`, basic('no colon'), 'Basic YQ=='])
    assert.equal(await auth.judge(header, users), 'refused', header)
  assert.deepEqual(compared, [])
  assert.equal(await auth.judge(basic('alice:a').replace('Basic', 'bASIC'), users), 'admitted')
})
