import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, Listener } from './fixtures/sockets.ts'
import { acceptQueue } from './listener.ts'
import { groupKey, type Steering, steer, steeringProgram } from './reuseport.ts'

/** How many of 64 connections each of two members gets, with its group steered in these ways one after the other. */
function spread(...ways: Steering[]): [first: number, second: number] {
  using first = new Listener({ reusePort: true, backlog: 100 })
  using second = new Listener({ reusePort: true, backlog: 100, port: first.port })
  for (const way of ways) steer(second.fd, way)
  const clients: Client[] = []
  try {
    for (let i = 0; i < 64; i++) clients.push(first.connect())
    assert.ok(clients.every((client) => client.connected))
    return [acceptQueue(first.fd).length, acceptQueue(second.fd).length]
  } finally {
    for (const client of clients) client[Symbol.dispose]()
  }
}

// Chance puts all 64 connections on one member less than once in 10^18 runs.
const bothHaveSome = ([first, second]: [number, number]): void => {
  assert.equal(first + second, 64)
  assert.ok(first > 0 && second > 0, `${first} and ${second}`)
}

test('without a program the hash spreads connections over the members', () => {
  bothHaveSome(spread())
})

test('the member program sends every connection to the one member, in the order of listening', () => {
  assert.deepEqual(spread({ by: 'member', member: 0 }), [64, 0])
  assert.deepEqual(spread({ by: 'member', member: 1 }), [0, 64])
})

test('the latest program counts', () => {
  assert.deepEqual(spread({ by: 'member', member: 0 }, { by: 'member', member: 1 }), [0, 64])
})

test('hash gives the choice back to the kernel, also where no program was', () => {
  bothHaveSome(spread({ by: 'member', member: 0 }, { by: 'hash' }))
  bothHaveSome(spread({ by: 'hash' }, { by: 'hash' }))
})

test('a member that does not exist leaves the choice to the hash', () => {
  bothHaveSome(spread({ by: 'member', member: 2 }))
})

test('random draws reach every member', () => {
  bothHaveSome(spread({ by: 'random', members: 2 }))
  assert.deepEqual(spread({ by: 'random', members: 1 }), [64, 0])
})

test('steering by CPU is taken by the kernel and loses no connection', () => {
  const [first, second] = spread({ by: 'cpu' })
  assert.equal(first + second, 64)
})

test('a random draw among no members is refused by the kernel', () => {
  using listener = new Listener({ reusePort: true })
  assert.throws(() => steer(listener.fd, { by: 'random', members: 0 }), {
    name: 'KernelError',
    call: 'setsockopt',
    code: 'EINVAL',
  })
})

test('a program is eight bytes an instruction and ends in a return', () => {
  for (const [way, instructions] of [
    [{ by: 'cpu' }, 2],
    [{ by: 'random', members: 3 }, 3],
    [{ by: 'member', member: 3 }, 1],
  ] as const) {
    const program = steeringProgram(way)
    assert.equal(program.length, instructions * 8)
    assert.equal(program.readUInt16LE(program.length - 8) & 7, 6) // BPF_RET
  }
})

test('listeners that differ in anything that parts groups have different keys', () => {
  const listener = { family: 2, address: '127.0.0.1', port: 80, interfaceIndex: 0, v6only: false }
  const others = [{ family: 10 }, { address: '0.0.0.0' }, { port: 81 }, { interfaceIndex: 1 }, { v6only: true }]
  const keys = [{}, ...others].map((change) => groupKey({ ...listener, ...change }))
  assert.equal(new Set(keys).size, keys.length)
  assert.equal(groupKey({ ...listener }), keys[0])
})
