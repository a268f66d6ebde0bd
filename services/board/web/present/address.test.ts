import assert from 'node:assert/strict'
import test from 'node:test'
import { addressOf, presented } from './address.ts'

test("the presenter's view is asked for by hash or query, with a shard or without", () => {
  const asked = (address: string): number | undefined => presented(new URL(address, 'http://localhost/'))
  assert.equal(asked('/'), undefined)
  assert.equal(asked('/#panel'), undefined)
  assert.equal(asked('/#present'), 1)
  assert.equal(asked('/#present=12'), 12)
  assert.equal(asked('/?present=3'), 3)
  assert.equal(asked('/?present=1#present=2'), 2)
  for (const odd of ['0', '-1', 'x', '1e9', '99999']) assert.equal(asked(`/#present=${odd}`), 1, odd)
  assert.equal(asked(addressOf(7)), 7)
  assert.equal(asked(addressOf(undefined)), undefined)
})
