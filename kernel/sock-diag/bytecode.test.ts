import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Listener } from '../fixtures/sockets.ts'
import { AF_INET } from '../libc.ts'
import { MAX_FILTER_PORTS, ownPortIn, ownPortNotIn } from './bytecode.ts'
import { ANY_FAMILY, states } from './layout.ts'
import type { DumpQuery } from './request.ts'
import { PreparedDump, SockDiag } from './socket.ts'

const listeners: Listener[] = []
const clients: Disposable[] = []
before(() => {
  for (let i = 0; i < 8; i++) listeners.push(new Listener())
  for (const listener of listeners) clients.push(listener.connect())
})
after(() => {
  for (const socket of [...clients, ...listeners]) socket[Symbol.dispose]()
})

const portsOf = (query: Partial<DumpQuery>): number[] => {
  using diag = new SockDiag()
  const ports: number[] = []
  const request = new PreparedDump({ family: AF_INET, states: states.listen, ...query })
  diag.dump(request, (socket) => ports.push(socket.port))
  return ports.sort((a, b) => a - b)
}
const firstPorts = (count: number): number[] => listeners.slice(0, count).map((listener) => listener.port)

for (const count of [1, 2, 5])
  test(`a filter of ${count} port(s) passes exactly those listeners`, () => {
    const ports = firstPorts(count)
    assert.deepEqual(
      portsOf({ filter: ownPortIn(ports) }),
      ports.sort((a, b) => a - b),
    )
  })

for (const count of [1, 2, 8])
  test(`a filter against ${count} port(s) passes every listener but those`, () => {
    const ports = new Set(firstPorts(count))
    const all = portsOf({}).filter((port) => listeners.some((listener) => listener.port === port))
    const passed = portsOf({ filter: ownPortNotIn([...ports]) })
    assert.ok(passed.every((port) => !ports.has(port)))
    assert.deepEqual(
      passed.filter((port) => all.includes(port)),
      all.filter((port) => !ports.has(port)),
    )
  })

test('a filter against as many ports as are ever named is understood by the kernel', () => {
  const others = Array.from({ length: MAX_FILTER_PORTS - 1 }, (_, i) => i + 1)
  const [port = 0] = firstPorts(1)
  assert.ok(!portsOf({ filter: ownPortNotIn([...others, port]) }).includes(port))
})

test('the filter passes the connections of these ports too, and not those to them', () => {
  const ports = firstPorts(2)
  assert.deepEqual(
    portsOf({ states: states.connections, filter: ownPortIn(ports) }),
    ports.sort((a, b) => a - b),
  )
})

test('the filter and the port of the request agree', () => {
  for (const port of firstPorts(8)) {
    assert.deepEqual(portsOf({ port }), [port])
    for (const family of [AF_INET, ANY_FAMILY])
      assert.deepEqual(portsOf({ family, filter: ownPortIn([port]) }), portsOf({ family, port }))
  }
})

test('ports at both ends of the range are understood by the kernel, and pass nothing here', () => {
  const others = Array.from({ length: MAX_FILTER_PORTS - 1 }, (_, i) => i + 1)
  const named = new Set([...others, 65_535])
  for (const port of portsOf({ filter: ownPortIn([...named]) })) assert.ok(named.has(port))
})

test('a filter without ports is refused', () => {
  assert.throws(() => ownPortIn([]), RangeError)
  assert.throws(() => ownPortNotIn([]), RangeError)
})
