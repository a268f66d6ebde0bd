import assert from 'node:assert/strict'
import test from 'node:test'
import { Latest } from './latest.ts'

/** A source that gives what it is told to. */
function source() {
  const stream = new TransformStream<number, number>()
  const writer = stream.writable.getWriter()
  return { items: stream.readable, give: (item: number) => writer.write(item), end: () => writer.close(), writer }
}

async function all(shared: Latest<number>): Promise<number[]> {
  const items: number[] = []
  for await (const item of shared) items.push(item)
  return items
}

test('every reader that waits gets every item', async () => {
  const { items, give, end } = source()
  const shared = new Latest(items)
  const readers = [all(shared), all(shared)]
  for (const item of [1, 2, 3]) {
    await give(item)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await end()
  assert.deepEqual(await Promise.all(readers), [
    [1, 2, 3],
    [1, 2, 3],
  ])
})

test('who is slow gets the last of what came meanwhile', async () => {
  const { items, give, end } = source()
  const shared = new Latest(items)
  const reader = shared[Symbol.asyncIterator]()
  const first = reader.next()
  await give(1)
  assert.equal((await first).value, 1)
  for (const item of [2, 3, 4]) await give(item)
  await end()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await reader.next()).value, 4)
  assert.equal((await reader.next()).done, true)
})

test('what the source throws reaches every reader', async () => {
  const { items, writer } = source()
  const shared = new Latest(items)
  const readers = [all(shared), all(shared)]
  await writer.abort(new Error('the lab has ended'))
  for (const reader of readers) await assert.rejects(reader, /the lab has ended/)
})
