import assert from 'node:assert/strict'
import test from 'node:test'
import { type SavedShards, type ShardCandidate, Shards } from './shards.ts'

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

const unread = (inode: number): ShardCandidate => ({ id: `cookie-${inode}`, inode, commandLine: undefined })

test('newcomers whose command lines decide about their numbers wait for them; one alone does not', () => {
  const shards = new Shards()
  assert.deepEqual(numbers(shards, [unread(1), unread(2)]), [0, 0])
  assert.deepEqual(numbers(shards, [listener(1, 'web b'), listener(2, 'web a')]), [2, 1])
  numbers(shards, [])
  assert.deepEqual(numbers(shards, [unread(9)]), [0], 'two numbers are free')
  assert.deepEqual(numbers(shards, [listener(9, 'web b')]), [2])
  assert.deepEqual(numbers(shards, [listener(9, 'web b'), unread(10)]), [2, 1], 'one is free')
})

test('numbers outlive a restart: of listeners by their cookies, of closed ones by their command lines', () => {
  const before = new Shards()
  numbers(before, [listener(1, 'web a'), listener(2, 'web b'), listener(3, 'web c'), listener(4, 'web d')])
  numbers(before, [listener(1, 'web a'), listener(3, 'web c'), listener(4, 'web d')])
  const saved: SavedShards = JSON.parse(JSON.stringify(before.save(100)))
  assert.ok(!JSON.stringify(saved).includes('web'), 'command lines can hold secrets')

  const after = new Shards()
  after.restore(saved, 0)
  assert.deepEqual(numbers(after, [unread(3), listener(8, 'web b'), listener(9, 'web d')]), [3, 2, 4])
})

test('listeners that were out of sight for a moment have their numbers again, though their command lines are the same', () => {
  const shards = new Shards()
  const [a, b, c] = [listener(3, 'web'), listener(2, 'web'), listener(1, 'web')]
  for (const present of [[a], [a, b], [a, b, c]]) numbers(shards, present)
  numbers(shards, [])
  assert.deepEqual(numbers(shards, [c]), [3])
  assert.deepEqual(numbers(shards, [a, b, c]), [1, 2, 3])
})

test('what is saved is bounded: a group is saved as a whole or not at all', () => {
  const shards = new Shards()
  const group = (name: string, count: number): [string, ShardCandidate[]] => [
    name,
    Array.from({ length: count }, (_, index) => ({ id: `${name}-${index}`, inode: index, commandLine: '' })),
  ]
  shards.update(new Map([group('small', 5), group('large', 50), group('other', 5)]), 0)
  assert.deepEqual(Object.keys(shards.save(20)), ['small', 'other'])
})

test('a closed listener keeps its number in the samples for a while', () => {
  const shards = new Shards()
  numbers(shards, [listener(1, 'a'), listener(2, 'b')])
  numbers(shards, [listener(1, 'a')], 1000)
  assert.deepEqual([shards.of('cookie-2'), shards.lastOf('cookie-2')], [0, 2])
  numbers(shards, [listener(1, 'a')], 62_000)
  numbers(shards, [listener(1, 'a')], 124_000)
  assert.equal(shards.lastOf('cookie-2'), 0)
})

test('after 30,000 listeners have come and gone nothing of them is left, whether they shared a port or not', () => {
  for (const nameOf of [(): string => 'one port', (index: number): string => `port ${index}`]) {
    const shards = new Shards()
    const present = new Map<string, ShardCandidate[]>()
    for (let index = 0; index < 30_000; index++) {
      const name = nameOf(index)
      const group = present.get(name) ?? []
      present.set(name, group)
      group.push({ id: `${index}`, inode: index, commandLine: `web ${index}` })
    }
    shards.update(present, 0)
    assert.equal(shards.remembered.numbers, 30_000)
    const last = new Map([['last', [listener(1)]]])
    for (let nowMs = 1000; nowMs < 7_200_000; nowMs += 60_000) {
      shards.update(last, nowMs)
      assert.ok(shards.remembered.idleSlots <= 20_000)
    }
    assert.deepEqual(shards.remembered, { groups: 1, idleSlots: 0, numbers: 1, closed: 0 })
  }
})

test('listeners that come and go one after another on many ports are not remembered without end', () => {
  const shards = new Shards()
  for (let index = 0; index < 30_000; index++) shards.update(new Map([[`port ${index}`, [listener(index)]]]), index)
  const { groups, numbers: held } = shards.remembered
  assert.ok(groups <= 20_001 && held === 1, `${groups} groups, ${held} numbers`)
})
