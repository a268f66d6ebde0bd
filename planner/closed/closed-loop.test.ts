/** The closed form of a closed loop, held against what is known otherwise. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { type ClosedLoop, closedLoop, waitingOf, withRoom } from './closed-loop.ts'

const near = (value: number, expected: number, share = 1e-6): void =>
  assert.ok(Math.abs(value - expected) <= share * Math.max(1e-9, Math.abs(expected)), `${value}, not ${expected}`)
const sum = (values: Float64Array): number => values.reduce((total, one) => total + one, 0)

const loops: fc.Arbitrary<ClosedLoop> = fc
  .record({
    clients: fc.integer({ min: 1, max: 300 }),
    thinkMs: fc.constantFrom(0, 0.5, 10, 1000, 60_000),
    serviceMs: fc.constantFrom(0.1, 5, 50, 2000),
    sockets: fc.integer({ min: 1, max: 6 }),
    loops: fc.integer({ min: 1, max: 20 }),
  })
  .map((loop) => (loop.sockets > 1 ? { ...loop, loops: 1 } : loop))

test('mean value analysis, client by client, says the same of single loops', () => {
  fc.assert(
    fc.property(loops, (drawn) => {
      const loop = { ...drawn, loops: 1 }
      const { clients, thinkMs, serviceMs, sockets } = loop
      let [waiting, perMs] = [0, 0]
      for (let n = 1; n <= clients; n++) {
        const responseMs = serviceMs * (1 + waiting)
        perMs = n / (thinkMs + responseMs)
        waiting = (perMs * responseMs) / sockets
      }
      near(closedLoop(loop).answersPerMs, perMs)
    }),
  )
})

test('what is served never exceeds what is asked, nor what can be served; shares are shares; Little’s law holds', () => {
  fc.assert(
    fc.property(loops, (loop) => {
      const { clients, thinkMs, serviceMs, sockets } = loop
      const { answersPerMs, utilisation, responseMs, atSocket, seen } = closedLoop(loop)
      assert.ok(answersPerMs <= (clients / (thinkMs + serviceMs)) * (1 + 1e-9))
      assert.ok(utilisation > 0 && utilisation <= 1 + 1e-9)
      assert.ok(responseMs >= serviceMs * (1 - 1e-9))
      near(sum(atSocket), 1)
      near(sum(seen), 1)
      near(sum(waitingOf(atSocket, loop.loops)), 1)
      const present = atSocket.reduce((total, share, n) => total + n * share, 0)
      near(present * sockets, answersPerMs * responseMs, 1e-5)
    }),
  )
})

test('one client never waits, and without a pause as many as there are wait', () => {
  near(closedLoop({ clients: 1, thinkMs: 10, serviceMs: 5, sockets: 1, loops: 1 }).answersPerMs, 1 / 15)
  const { atSocket } = closedLoop({ clients: 50, thinkMs: 0, serviceMs: 5, sockets: 1, loops: 8 })
  near(atSocket[50]!, 1)
  near(waitingOf(atSocket, 8)[42]!, 1)
})

test('with room for all nobody is turned away, and with less room more are', () => {
  fc.assert(
    fc.property(loops, fc.nat({ max: 60 }), (drawn, backlog) => {
      const loop = { ...drawn, sockets: 1 as const }
      const some = withRoom(loop, backlog, 1016)
      assert.ok(some.refused >= 0 && some.refused <= 1)
      assert.ok(withRoom(loop, backlog + 5, 1016).refused <= some.refused + 1e-9)
      const all = withRoom(loop, loop.clients - 1, 1016)
      assert.ok(all.refused < 1e-9)
      if (loop.thinkMs > 0) near(all.answersPerMs, closedLoop(loop).answersPerMs)
    }),
    { numRuns: 30 },
  )
})
