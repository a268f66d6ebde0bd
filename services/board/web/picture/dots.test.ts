import assert from 'node:assert/strict'
import test from 'node:test'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { sourcesOf } from './dots.ts'
import { layoutOf } from './layout.ts'

const layout = layoutOf(1000, [1, 1, 1])

test('droplets fly from the rim of the tank that spills, and from no other', () => {
  const shards = [shardOf(1), shardOf(2, { length: 129, acceptsPerSecond: 0, dropsPerSecond: 296 }), shardOf(3)]
  const drops = sourcesOf(stateOf({ shards }), layout).filter((source) => source.dot().kind === 'drop')
  assert.deepEqual(
    drops.map(({ name, ratePerSecond }) => [name, ratePerSecond]),
    [['drop1', 296]],
  )
  const { tank } = layout.lanes[1]!
  const { x, y, endY, vy = 0 } = drops[0]!.dot()
  assert.ok(x >= tank.x + tank.w && y <= tank.y && vy < 0, 'over the rim, upwards first')
  assert.ok(endY >= tank.y + tank.h, 'down past the bottom')
})

test('nothing falls into a tank that is full, closed or down', () => {
  const into = (shards: Parameters<typeof stateOf>[0]): number[] =>
    sourcesOf(stateOf(shards), layout)
      .filter(({ name, ratePerSecond }) => name.startsWith('to') && ratePerSecond > 0)
      .map(({ name }) => Number(name.slice(2)) + 1)
  assert.deepEqual(into({}), [1, 2, 3])
  const shards = [shardOf(1, { length: 129 }), shardOf(2, { state: 'closed' }), shardOf(3, { state: 'down' })]
  assert.deepEqual(into({ shards }), [])
})
