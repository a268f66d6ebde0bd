/** A backlog can be too large: closed arithmetic, and what is played, for clients who give up. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { questions } from '../ask.ts'
import { clientPresets, withPatience } from '../client-presets.ts'
import type { Situation } from '../situation.ts'
import { defaultClient } from '../system.ts'
import { situationWith } from '../testing/situation.ts'
import { largestForLiving } from './timeout.ts'

const situation = (parts: Partial<Situation>): Situation =>
  situationWith({
    arrivals: { shape: 'poisson', ratePerSecond: 40 },
    forMs: 10_000,
    backends: 8,
    mode: 'shared',
    accept: { ms: 250, cv: 1, handleMs: 0, perTurn: 1 },
    client: { ...defaultClient, timeoutMs: 4000 },
    ...parts,
  })

interface Row {
  backlog: number
  answered: number
  late: number
}
const asked = (parts: Partial<Situation>) => {
  const { answer, data, settings } = questions.timeout(situation(parts))
  return { text: answer.join(' '), rows: data.rows as Row[], data, settings }
}
const deadShare = ({ answered, late }: Row): number => late / (answered + late)

test('constant work: the largest backlog is what is served within the patience, one loop or several', () => {
  const accept = { ms: 10, cv: 0, handleMs: 0, perTurn: 1 }
  const client = { ...defaultClient, rttMs: 0, timeoutMs: 1000 }
  // 99 × 10 ms until its turn, and its own 10 ms.
  assert.equal(largestForLiving(situation({ accept, client, backends: 1 })), 98)
  assert.equal(largestForLiving(situation({ accept, client, backends: 4 })), 395)
  const stall = { ms: 500, everyMs: undefined, whom: 'one' as const }
  assert.equal(largestForLiving(situation({ accept, client, backends: 1, stall })), 48)
  assert.equal(largestForLiving(situation({ accept, client, stall: { ...stall, ms: 1200 } })), -1)
})

test('an overload with a queue that outlasts its clients serves the dead; with the largest for the living it does not', () => {
  const { text, rows, data } = asked({ somaxconn: 1024 })
  const living = rows.find(({ backlog }) => backlog === data.largestForLiving)!
  const longest = rows.at(-1)!
  assert.equal(longest.backlog, 1024)
  assert.ok(deadShare(living) <= 0.05, JSON.stringify(rows))
  assert.ok(deadShare(longest) > 0.7, JSON.stringify(rows))
  assert.ok(living.answered > 3 * longest.answered)
  assert.match(text, /No backlog loses nobody: the load is 125 % of capacity/)
  assert.match(text, /Serving the dead: with 1,024, [\d.]+ % of those who are served have gone/)
})

test('between the smallest that loses nobody and the largest that serves the living nothing is lost', () => {
  const { text, rows, data } = asked({ arrivals: { shape: 'poisson', ratePerSecond: 16 } })
  assert.ok((data.smallestForAll as number) < (data.largestForLiving as number))
  assert.match(text, /between the two nobody is lost/)
  assert.equal(data.recommended, data.smallestForAll)
  assert.ok(rows.every(({ answered }) => answered > 0.99))
})

test('a stall that outlasts the clients leaves no backlog that serves only the living, and none is recommended', () => {
  const { text, settings } = asked({
    arrivals: { shape: 'poisson', ratePerSecond: 100 },
    accept: { ms: 1, cv: 0, handleMs: 0, perTurn: 1 },
    backends: 1,
    stall: { ms: 5000, everyMs: undefined, whom: 'one' },
  })
  assert.match(text, /No backlog serves only the living: the stall of 5 s outlasts clients who wait 4 s/)
  assert.deepEqual(settings, [])
})

test('who waits longer is never served by a smaller backlog only', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: 1, max: 32 }),
    fc.constantFrom(0, 0.5, 1, 2),
    fc.integer({ min: 1, max: 20_000 }),
    (ms, backends, cv, timeoutMs) => {
      const of = (patience: number) =>
        largestForLiving(
          situation({
            backends,
            accept: { ms, cv, handleMs: 0, perTurn: 1 },
            client: { ...defaultClient, timeoutMs: patience },
          }),
        )
      assert.ok(of(2 * timeoutMs) >= of(timeoutMs))
      assert.ok(of(timeoutMs) <= (timeoutMs * backends) / ms)
    },
  )
  fc.assert(property)
})

test('each preset goes on connecting no longer than it waits, and says where that is written', () => {
  for (const [name, { source }] of Object.entries(clientPresets)) {
    const client = withPatience(defaultClient, name as keyof typeof clientPresets)
    assert.ok(client.synRetries <= defaultClient.synRetries)
    assert.ok(source.length > 20)
  }
  assert.deepEqual(
    [withPatience(defaultClient, 'kubelet').synRetries, withPatience(defaultClient, 'envoy').synRetries],
    [0, 4],
  )
})
