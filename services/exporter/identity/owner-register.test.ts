import assert from 'node:assert/strict'
import test from 'node:test'
import type { Owner } from '#kernel/owners.ts'
import { OwnerRegister } from './owner-register.ts'

/** A register over a made-up world, on a clock that the test moves. */
function register(costMs = 0) {
  const world = { nowMs: 0, walks: 0, owners: new Map<number, Owner[]>() }
  const owners = new OwnerRegister('/proc', {
    find(inodes) {
      world.walks++
      world.nowMs += costMs
      return new Map([...world.owners].filter(([inode]) => inodes.has(inode)))
    },
    clock: () => world.nowMs,
  })
  return { world, owners }
}

const owner = (pid: number): Owner => ({ pid, command: 'web', commandLine: `web ${pid}` })

test('processes are walked when an unknown socket appears, once more a second later, and then every ten seconds', () => {
  const { world, owners } = register()
  world.owners.set(5, [owner(1)])
  const at = (nowMs: number): number => {
    world.nowMs = nowMs
    owners.update(new Set([5]))
    return world.walks
  }
  assert.deepEqual([at(0), at(100), at(999), at(1000), at(1100), at(10_999), at(11_000)], [1, 1, 1, 2, 2, 2, 3])
  assert.equal(owners.of(5)[0]?.pid, 1)
})

test('an owner that joins later is seen', () => {
  const { world, owners } = register()
  world.owners.set(5, [owner(1)])
  owners.update(new Set([5]))
  world.owners.set(5, [owner(1), owner(2)])
  world.nowMs = 1000
  owners.update(new Set([5]))
  assert.deepEqual(
    owners.of(5).map(({ pid }) => pid),
    [1, 2],
  )
})

test('a walk that takes long is made more rarely; an unknown socket waits less for it', () => {
  const { world, owners } = register(200)
  const at = (nowMs: number, ...inodes: number[]): number => {
    world.nowMs = nowMs
    owners.update(new Set(inodes))
    return world.walks
  }
  assert.deepEqual([at(0, 1), at(999, 1, 2), at(1001, 1, 2)], [1, 1, 2], 'unknown: five times its cost')
  assert.deepEqual([at(2500, 1, 2), at(10_900, 1, 2), at(11_002, 1, 2)], [2, 2, 3], 'known: fifty times')
})

test('without listeners nobody is asked', () => {
  const { world, owners } = register()
  owners.update(new Set())
  assert.equal(world.walks, 0)
})
