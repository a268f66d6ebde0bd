import assert from 'node:assert/strict'
import test from 'node:test'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { shardInWords } from './shard-words.ts'

test('a shard gives its figures in words', () => {
  const { ages } = stateOf()
  const words = shardInWords(
    shardOf(2, { length: 129, drops: 7, dropsPerSecond: 3, oldestWait: { leastMs: 0, mostMs: 400 } }),
    ages,
  )
  assert.match(
    words,
    /^Shard 2: 129 of 129 waiting, the oldest for at most 400 ms;.* 3 drops a second, 7 in all\. 100 accepts/,
  )
  assert.match(shardInWords(shardOf(1, { state: 'closed' }), ages), /closed its listener/)
})
