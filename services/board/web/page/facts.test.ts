import assert from 'node:assert/strict'
import test from 'node:test'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { factsOf } from './facts.ts'

const withLimits = (...limits: number[]): string =>
  factsOf(stateOf({ shards: limits.map((limit, index) => shardOf(index + 1, { limit })) }))

test('a few backlogs are told each once, many by the least and the largest, and without a listener none', () => {
  assert.match(withLimits(128, 128, 8), / · 3 shards · backlog 128, 8 · Linux /)
  assert.match(withLimits(511, 8, 128, 4096), / · 4 shards · backlog 8 to 4096 · /)
  assert.match(factsOf(stateOf({ shards: [shardOf(1, { state: 'down' })] })), / · 1 shard · backlog – · /)
})
