import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Shared } from './shared.ts'

/** Makes numbered things of `source`, each when it is told to. */
function maker(goodForMs = 100) {
  const state = { source: 'a' as unknown, nowMs: 0, made: 0 }
  const ends: (() => void)[] = []
  const fails: (() => void)[] = []
  const shared = new Shared(
    async (begin) => {
      begin(state.source)
      const number = ++state.made
      await new Promise<void>((resolve, reject) => {
        ends.push(resolve)
        fails.push(() => reject(new Error('broken')))
      })
      return `${state.source} ${number}`
    },
    () => state.source,
    goodForMs,
    () => state.nowMs,
  )
  return { shared, state, ends, fails }
}

test('all who ask while it is made, and soon after, get the same', async () => {
  const { shared, state, ends } = maker()
  const asked = [shared.get(), shared.get()]
  await turn()
  asked.push(shared.get())
  ends[0]?.()
  assert.deepEqual(await Promise.all(asked), ['a 1', 'a 1', 'a 1'])
  state.nowMs = 100
  assert.equal(await shared.get(), 'a 1')
  assert.equal(state.made, 1)
})

test('it is made again when it is too old, or when its source is another', async () => {
  const { shared, state, ends } = maker()
  const next = async (): Promise<string> => {
    const asked = shared.get()
    await turn()
    ends.at(-1)?.()
    return await asked
  }
  assert.equal(await next(), 'a 1')
  state.source = 'b'
  assert.equal(await next(), 'b 2')
  state.nowMs = 101
  assert.equal(await next(), 'b 3')
})

test('whoever comes when the source is a newer one waits for one more, which all of them share', async () => {
  const { shared, state, ends } = maker()
  const first = shared.get()
  await turn()
  state.source = 'b'
  const late = [shared.get(), shared.get()]
  await turn()
  assert.equal(state.made, 1, 'one at a time')
  ends[0]?.()
  await first
  await turn()
  late.push(shared.get())
  ends[1]?.()
  assert.deepEqual(await Promise.all(late), ['b 2', 'b 2', 'b 2'])
})

test('a failure reaches those who asked, and the next one makes it anew', async () => {
  const { shared, state, ends, fails } = maker()
  const first = shared.get()
  await turn()
  state.source = 'b'
  const waiting = shared.get()
  fails[0]?.()
  await assert.rejects(first, /broken/)
  await turn()
  ends[1]?.()
  assert.equal(await waiting, 'b 2')
})
