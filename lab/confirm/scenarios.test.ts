/** The book of scenarios: each can be played by a lab, and what a planner is told of one is what is played, only coarser. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { labSceneOf } from './lab-scene.ts'
import { scenarios } from './scenarios.ts'

test('each has a name of its own, and a scene that a lab can play', () => {
  assert.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
  for (const { name, scene } of scenarios) assert.doesNotThrow(() => labSceneOf(scene.system), name)
})

test('somebody’s server is played to without what only a backend of ours can do or tell', () => {
  const own = scenarios.filter(({ server }) => server !== undefined)
  assert.deepEqual(
    [...new Set(own.map(({ server }) => server?.name))],
    ['nginx', 'nginx-reuseport', 'gunicorn-sync', 'go-net-http'],
  )
  for (const { name, scene, quantity } of own) {
    assert.ok(
      scene.system.shards.every(({ absences }) => absences.length === 0),
      name,
    )
    assert.equal(scene.system.steering.by, 'hash', name)
    assert.doesNotMatch(quantity, /^acceptWait/, name)
  }
})

test('what the planner is told has the same connections, within a tick of when they come, and differs from seed to seed', () => {
  const told = scenarios.flatMap((one) => (one.told === undefined ? [] : [{ ...one, told: one.told }]))
  assert.ok(told.length >= 3)
  for (const { name, scene, told: read } of told) {
    const { arrivals } = scene.system
    const [one, other] = [read(1), read(2)]
    // A count is rounded, and may be carried on.
    assert.ok(Math.abs(one.length - arrivals.length) <= 1, name)
    assert.ok(one.some((atMs, i) => atMs !== other[i]))
    const apart = one.map((atMs, i) => Math.abs(atMs - arrivals[Math.min(i, arrivals.length - 1)]!))
    assert.ok(Math.max(...apart) < 2000, name)
  }
})
