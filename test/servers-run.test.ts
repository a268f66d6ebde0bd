/** `npm run servers`: four servers of docs/servers.md are tried anew, and their cards held against what is known of them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type CardNumbers, numbersOf, type Recipe } from '#lab/servers/recipe.ts'
import { recipes } from '#lab/servers/recipes.ts'
import { cardOf } from '../scripts/servers/card-of.ts'
import { skipWithout } from './support/tools.ts'

const WITHIN_MS = 290_000

function recipe(name: string): Recipe {
  const found = recipes.find((one) => one.name === name)
  assert.ok(found)
  return found
}

/** What must be so on any machine; the rest may be not judged on a busy one. */
const expected: Record<string, (card: CardNumbers) => void> = {
  'nginx-reuseport'(card) {
    assert.deepEqual([card.listens?.sockets, card.listens?.asked], [2, 511])
    assert.match(recipe('nginx-reuseport').belief?.seen(card) ?? '', /2 sockets, each with all of its 511/)
  },
  'gunicorn-sync'(card) {
    assert.deepEqual([card.listens?.asked, card.listens?.acceptors], [2048, 2])
    if (card.silent !== undefined)
      assert.equal(card.silent.served, 0, 'a silent client for each worker blocks everybody')
  },
  'python-http-server'(card) {
    assert.deepEqual([card.listens?.asked, card.listens?.acceptors], [5, 1])
  },
  redis(card) {
    assert.deepEqual([card.listens?.asked, card.listens?.acceptors], [511, 1])
    if (card.silent !== undefined) assert.equal(card.silent.served, 10, 'it serves many connections at a time')
  },
}

for (const [name, holds] of Object.entries(expected)) {
  const one = recipe(name)
  const missing = one.programs.map(skipWithout).find((reason) => reason !== false)
  test(`${name}: its card agrees with what is known of it`, { skip: missing ?? false }, async () => {
    const card = numbersOf(await cardOf(one, WITHIN_MS))
    holds(card)
    if (card.holds !== undefined) {
      assert.equal(card.holds.held, card.holds.places, 'N + 1 in each queue')
      assert.equal(card.holds.connected, card.holds.places, 'as many clients were connected')
    }
  })
}
