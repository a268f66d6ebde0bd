/**
 * What a million simulated connections take, in time and memory, against a tenth of them and against the time that they
 * would have taken. Prints its rows as JSON. Usage: node planner.ts quick|full
 */

import { median } from '#common/quantile.ts'
import { bytes, duration } from '#common/quantities.ts'
import { poissonArrivals } from '#load/arrivals.ts'
import { seededRandom } from '#load/random.ts'
import { play } from '#planner/simulator/simulation.ts'
import { defaultClient, defaultKernel, defaultLoop, type System } from '#planner/system.ts'
import type { Row } from './rows.ts'

const [speed] = process.argv.slice(2)
const rounds = speed === 'quick' ? 3 : 7
const BACKENDS = 100
const PER_SECOND = 1_000_000

/** A hundred backends at a million connections a second, 20 ms away, each of which stands still for 80 ms. */
function system(connections: number): System {
  const forMs = (connections / PER_SECOND) * 1000
  return {
    arrivals: Float64Array.from(poissonArrivals(PER_SECOND, forMs, seededRandom(1))),
    halfOpen: new Float64Array(0),
    shards: Array.from({ length: BACKENDS }, (_, i) => {
      const fromMs = (forMs * i) / BACKENDS
      const stalls = [{ fromMs, toMs: fromMs + 80 }]
      return { backlog: 511, absences: [], loops: [{ ...defaultLoop, acceptMs: 0.05, acceptCv: 1, stalls }] }
    }),
    steering: { by: 'hash' },
    kernel: defaultKernel,
    client: { ...defaultClient, rttMs: 20 },
  }
}

interface Cost {
  cpuSeconds: number
  bytes: number
}

function cost(connections: number): Cost {
  const given = system(connections)
  const memory = process.memoryUsage().arrayBuffers
  const begin = process.cpuUsage()
  const played = play(given)
  const { user, system: kernel } = process.cpuUsage(begin)
  if (played.records.count !== given.arrivals.length) throw new Error('Connections were lost')
  return { cpuSeconds: (user + kernel) / 1e6, bytes: process.memoryUsage().arrayBuffers - memory }
}

cost(100_000) // until the code is compiled
const few: Cost[] = []
const many: Cost[] = []
for (let round = 0; round < rounds; round++) {
  few.push(cost(100_000))
  many.push(cost(1_000_000))
}
const seconds = (costs: Cost[]): number => median(costs.map(({ cpuSeconds }) => cpuSeconds))
const bytesOf = (costs: Cost[]): number => median(costs.map(({ bytes }) => bytes))
const rows: Row[] = [
  {
    what: `simulating 1,000,000 connections to ${BACKENDS} backends in a second : that second`,
    value: seconds(many),
    unit: '×',
    target: { most: 5 },
    note: `${duration(1000 * seconds(many))}, ${bytes(bytesOf(many))}`,
  },
  {
    what: 'time of 1,000,000 simulated connections : 10 times that of 100,000',
    value: seconds(many) / seconds(few) / 10,
    unit: '×',
    target: { most: 1.7 },
    note: `${duration(1000 * seconds(many))} and ${duration(1000 * seconds(few))}`,
  },
  {
    what: 'memory of 1,000,000 simulated connections : 10 times that of 100,000',
    value: bytesOf(many) / bytesOf(few) / 10,
    unit: '×',
    target: { most: 1.2 },
    note: `${Math.round(bytesOf(many) / 1e6)} bytes a connection`,
  },
]
console.log(JSON.stringify(rows))
