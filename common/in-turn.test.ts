import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { InTurn } from './in-turn.ts'

test('each begins when the one before is over, also when that one fails', async () => {
  const turns = new InTurn()
  const seen: string[] = []
  const work = (name: string, ms: number) => async () => {
    seen.push(`${name} begins`)
    await sleep(ms)
    seen.push(`${name} ends`)
    if (name === 'b') throw new Error('b fails')
    return name
  }
  const all = [turns.run(work('a', 20)), turns.run(work('b', 1)), turns.run(work('c', 5))]
  assert.deepEqual(
    (await Promise.allSettled(all)).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('one that does not end keeps the others only so long, and `over` waits for all', async () => {
  const turns = new InTurn(20)
  const { promise, resolve } = Promise.withResolvers<string>()
  const stuck = turns.run(() => promise)
  const next = turns.run(async () => 'done')
  await Promise.all([turns.over, sleep(50)])
  assert.equal(await next, 'done')
  resolve('at last')
  assert.equal(await stuck, 'at last')
})
