/** Clients of a closed loop, whatever system they meet. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { defaultClient, defaultKernel, type System } from '../system.ts'
import { endings } from './records.ts'
import { play } from './simulation.ts'

const UNTIL_MS = 20_000

const systems: fc.Arbitrary<System> = fc
  .record({
    clients: fc.integer({ min: 1, max: 30 }),
    room: fc.integer({ min: 0, max: 400 }),
    thinkMs: fc.constantFrom(0, 1, 300, 4000),
    backlog: fc.nat({ max: 12 }),
    loops: fc.integer({ min: 1, max: 4 }),
    acceptMs: fc.constantFrom(0.5, 40, 900),
    stallMs: fc.constantFrom(0, 700, 4000),
    rttMs: fc.constantFrom(0, 0.1, 60),
    timeoutMs: fc.constantFrom(150, 2500, 10_000),
    abortOnOverflow: fc.boolean(),
    syncookies: fc.constantFrom(0 as const, 1 as const, 2 as const),
  })
  .map((drawn) => {
    const arrivals = new Float64Array(drawn.clients + drawn.room).fill(Number.NaN)
    for (let i = 0; i < drawn.clients; i++) arrivals[i] = i * 3
    const stalls = drawn.stallMs === 0 ? [] : [{ fromMs: 500, toMs: 500 + drawn.stallMs }]
    return {
      arrivals,
      returning: { clients: drawn.clients, thinkMs: drawn.thinkMs, untilMs: UNTIL_MS },
      halfOpen: new Float64Array(0),
      shards: [
        {
          backlog: drawn.backlog,
          loops: Array.from({ length: drawn.loops }, () => ({
            acceptMs: drawn.acceptMs,
            acceptCv: 1,
            handleMs: 0,
            acceptsPerTurn: 1,
            stalls,
          })),
          absences: [],
        },
      ],
      steering: { by: 'hash' },
      kernel: { ...defaultKernel, abortOnOverflow: drawn.abortOnOverflow, syncookies: drawn.syncookies },
      client: { ...defaultClient, rttMs: drawn.rttMs, timeoutMs: drawn.timeoutMs },
    } satisfies System
  })

test('every connection ends, each client has one at a time, and nobody comes after the end', () => {
  fc.assert(
    fc.property(systems, fc.nat({ max: 1000 }), (system, seed) => {
      const { clients, untilMs } = system.returning!
      const { timeoutMs } = system.client
      const { records } = play(system, { seed })
      assert.ok(records.count >= clients && records.count <= system.arrivals.length)
      const changes: [number, number][] = []
      for (let i = 0; i < records.count; i++) {
        const ending = endings[records.ending[i]!]
        assert.notEqual(ending, 'waiting')
        const arrived = records.arrivedMs[i]!
        if (i >= clients) assert.ok(arrived < untilMs)
        changes.push([arrived, 1], [ending === 'answered' ? records.answeredMs[i]! : arrived + timeoutMs, -1])
      }
      // Ends before beginnings: without a pause a client comes again at the same moment.
      changes.sort(([a, began], [b, other]) => a - b || began - other)
      let open = 0
      for (const [, change] of changes) {
        open += change
        assert.ok(open <= clients, `${open} of ${clients} at once`)
      }
    }),
    { numRuns: 150 },
  )
})

test('while nobody gives up no more can wait than there are clients', () => {
  fc.assert(
    fc.property(systems, fc.nat({ max: 1000 }), (drawn, seed) => {
      const { clients } = drawn.returning!
      const patient = { ...drawn.client, timeoutMs: 10_000_000 }
      const shards = drawn.shards.map((one) => ({ ...one, backlog: clients - 1 }))
      const { counters, shards: played } = play({ ...drawn, shards, client: patient }, { seed })
      assert.equal(counters.ListenDrops, 0)
      assert.ok(played[0]!.queuePeak <= clients)
    }),
    { numRuns: 60 },
  )
})

test('the same seed plays the same loop again', () => {
  fc.assert(
    fc.property(systems, fc.nat({ max: 1000 }), (system, seed) => {
      const once = play({ ...system, arrivals: system.arrivals.slice() }, { seed })
      assert.deepEqual(play({ ...system, arrivals: system.arrivals.slice() }, { seed }), once)
    }),
    { numRuns: 20 },
  )
})
