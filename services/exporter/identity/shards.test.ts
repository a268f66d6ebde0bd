import assert from 'node:assert/strict'
import test from 'node:test'
import { type ShardCandidate, Shards } from './shards.ts'

const listener = (inode: number, commandLine = ''): ShardCandidate => ({ id: `cookie-${inode}`, inode, commandLine })

/** The numbers of these listeners of one group, after it has been seen as a whole. */
function numbers(shards: Shards, present: ShardCandidate[], nowMs = 0): number[] {
  shards.update(new Map([['lab|10.0.0.1|80', present]]), nowMs)
  return present.map(({ id }) => shards.of(id))
}

test('listeners that appear together are numbered by their command lines, numbers in them as numbers, then by inode', () => {
  const named = [listener(10, 'backend-10'), listener(30, 'backend-1'), listener(20, 'backend-2')]
  assert.deepEqual(numbers(new Shards(), named), [3, 1, 2])
  assert.deepEqual(numbers(new Shards(), [listener(30), listener(10), listener(20)]), [3, 1, 2])
})

test('numbers stay while others come and go', () => {
  const shards = new Shards()
  const [a, b, c] = [listener(1, 'a'), listener(2, 'b'), listener(3, 'c')]
  numbers(shards, [a, b, c])
  assert.deepEqual(numbers(shards, [a, c]), [1, 3])
  assert.deepEqual(numbers(shards, [c]), [3])
})

test('a restarted backend is known by its command line, whatever else has become free', () => {
  const shards = new Shards()
  numbers(shards, [listener(1, 'web a'), listener(2, 'web b'), listener(3, 'web c')])
  numbers(shards, [])
  assert.deepEqual(numbers(shards, [listener(8, 'web c'), listener(9, 'web b')]), [3, 2])
})

test('a stranger takes the lowest free number, but only after those who are known', () => {
  const shards = new Shards()
  numbers(shards, [listener(1, 'web a'), listener(2, 'web b')])
  numbers(shards, [])
  assert.deepEqual(numbers(shards, [listener(8, 'stranger'), listener(9, 'web a')]), [2, 1])
})

test('workers with one command line among them fill the numbers that they left', () => {
  const shards = new Shards()
  const [a, b, c] = [listener(1, 'web'), listener(2, 'web'), listener(3, 'web')]
  numbers(shards, [a, b, c])
  numbers(shards, [a, c])
  assert.deepEqual(numbers(shards, [a, listener(7, 'web'), c]), [1, 2, 3])
})

test('owners that may not be seen still give the lowest free number', () => {
  const shards = new Shards()
  numbers(shards, [listener(1), listener(2)])
  numbers(shards, [listener(2)])
  assert.deepEqual(numbers(shards, [listener(2), listener(5)]), [2, 1])
})

test('a command line that could be read later counts', () => {
  const shards = new Shards()
  numbers(shards, [listener(1), listener(2)])
  numbers(shards, [listener(1, 'web a'), listener(2, 'web b')])
  numbers(shards, [])
  assert.deepEqual(numbers(shards, [listener(9, 'web b')]), [2])
})

test('groups are numbered apart', () => {
  const shards = new Shards()
  const groups = new Map([
    ['lab|10.0.0.1|80', [listener(1)]],
    ['lab|10.0.0.1|81', [listener(2)]],
  ])
  shards.update(groups, 0)
  assert.deepEqual([shards.of('cookie-1'), shards.of('cookie-2')], [1, 1])
})

test('an address without listeners for more than an hour starts anew', () => {
  const shards = new Shards()
  numbers(shards, [listener(1, 'a'), listener(2, 'b')])
  shards.update(new Map(), 1000)
  shards.update(new Map(), 3_700_000)
  assert.deepEqual(numbers(shards, [listener(9, 'b')], 3_700_100), [1])
})
