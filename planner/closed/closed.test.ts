/** The closed forms against numbers worked out by hand or taken from textbooks, and against the simulator. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { poissonArrivals } from '#load/arrivals.ts'
import { seededRandom } from '#load/random.ts'
import { Distribution } from '../distribution.ts'
import { play } from '../simulator/simulation.ts'
import { defaultClient, defaultKernel, defaultLoop, type System } from '../system.ts'
import {
  always,
  binomial,
  largestOf,
  meanExcess,
  meanOf,
  poisson,
  quantile,
  sumOf,
  tail,
} from './count-distribution.ts'
import { lifeMs, roomForRequests, synQueueLoad } from './half-open.ts'
import { capacityOf, mg1k, mmck, waitQuantile } from './loss-queue.ts'
import { withRetries } from './retrials.ts'
import { gammaTail, logGamma } from './special-functions.ts'
import { refusedIn, smallestBacklog, stallCost } from './stall.ts'

const near = (seen: number, expected: number, share = 1e-9): void =>
  assert.ok(Math.abs(seen - expected) <= Math.abs(expected) * share + 1e-15, `seen ${seen}, expected ${expected}`)

test('Γ, and the tail of an Erlang variate, as tables have them', () => {
  near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)))
  near(logGamma(11), Math.log(3_628_800))
  // Erlang(3) beyond 2: e⁻² (1 + 2 + 2)
  near(gammaTail(3, 2), 5 * Math.exp(-2))
  // Erlang(2) beyond 10: e⁻¹⁰ · 11
  near(gammaTail(2, 10), 11 * Math.exp(-10), 1e-8)
})

test('Poisson: quantiles as tables have them', () => {
  // P(X ≤ 10) = 0.5830, P(X ≤ 15) = 0.9513, P(X ≤ 17) = 0.9857, P(X ≤ 18) = 0.9928 for mean 10.
  assert.equal(quantile(poisson(10), 0.58), 10)
  assert.equal(quantile(poisson(10), 0.95), 15)
  assert.equal(quantile(poisson(10), 0.99), 18)
  near(1 - tail(poisson(10), 15), 0.9513, 1e-4)
  near(meanOf(poisson(1e6)), 1e6, 1e-6)
  // E[max(0, X − 1)] = mean − P(X ≥ 1)
  near(meanExcess(poisson(2), 1), 2 - (1 - Math.exp(-2)))
})

test('quantiles of 1 to 100, each as likely, are whole per cents, although sums of shares are rounded', () => {
  const evenly = { from: 1, probabilities: new Float64Array(100).fill(0.01) }
  for (let percent = 1; percent <= 100; percent++) assert.equal(quantile(evenly, percent / 100), percent)
})

test('binomial: exact for small numbers', () => {
  near(tail(binomial(4, 0.5), 2), 5 / 16)
  assert.equal(quantile(binomial(10, 0.5), 0.5), 5)
  // The larger of two fair bits is 1 in three of four cases.
  near(meanOf(largestOf(2, binomial(1, 0.5))), 0.75)
})

test('a stall: N + 1 fit, so N is one less than what comes', () => {
  assert.equal(smallestBacklog(always(80), 0.99), 79)
  assert.equal(smallestBacklog(poisson(10), 0.99), 17)
  assert.equal(smallestBacklog(always(0), 0.99), 0)
})

const alone = (count: number) => ({ come: always(count), before: always(0) })
/** A hundred a second, of whom 51 fit. */
const refusedOfTen = (ms: number) => refusedIn(alone(ms / 10), 50, 0)

test('a stall longer than a second drops the same clients again', () => {
  // 100 a second for 2.5 s, 51 fit: 199 refused; 99 of them by 1.5 s are refused again at 1 s later, none by 0.5 s a third time.
  const { refused, drops } = stallCost(refusedOfTen, 2500, [1000, 2000, 3000])
  assert.deepEqual([refused.syns, drops], [199, 199 + 99])
})

test('a stall: who is under way when the queue fills loses a final ACK, as many as come in a round trip', () => {
  assert.deepEqual(refusedIn(alone(100), 49, 20), { syns: 50, finalAcks: 20 })
  assert.deepEqual(refusedIn(alone(100), 49, 80), { syns: 50, finalAcks: 50 })
  assert.deepEqual(refusedIn(alone(40), 49, 20), { syns: 0, finalAcks: 0 })
  // Ten wait already; of sixty only fifty could be there.
  assert.equal(refusedIn({ come: always(45), before: always(10) }, 49, 0).syns, 5)
  assert.equal(refusedIn({ come: always(45), before: always(60) }, 49, 0).syns, 45)
})

test('a stall: the last try of a client has none after it', () => {
  const cost = (again: number[]) => stallCost(refusedOfTen, 2500, again)
  assert.equal(cost([]).retries, 0)
  assert.equal(cost([1000]).retries, 199)
  assert.equal(cost([1000, 2000]).retries, 199 + 99)
})

test('how many wait: M/M/1 has ρ² ÷ (1 − ρ) of them, and two such queues twice as many', () => {
  const { waiting } = mg1k(0.5, 1, 200)
  near(meanOf(waiting), 0.5, 1e-6)
  near(meanOf(sumOf(waiting, waiting)), 1, 1e-6)
})

test('M/M/1/K: the blocking of a textbook, (1 − ρ) ρ^K ÷ (1 − ρ^(K+1))', () => {
  for (const [rho, capacity] of [
    [0.5, 3],
    [0.9, 10],
    [1.5, 5],
  ] as const)
    near(mg1k(rho, 1, capacity).blocking, ((1 - rho) * rho ** capacity) / (1 - rho ** (capacity + 1)))
  near(mg1k(1, 1, 4).blocking, 1 / 5, 1e-8)
})

test('M/D/1/K: worked out by hand for K = 2 and 3', () => {
  // K = 2: a departure leaves 0 or 1; π₀ = e^−ρ, so blocking = 1 − 1/(e^−ρ + ρ).
  near(mg1k(1, 0, 2).blocking, 1 - 1 / (Math.exp(-1) + 1))
  // K = 3: weights 1, (1 − e^−ρ)/e^−ρ, so π₀ = e^−ρ; with the third level π₀ = 1 / (1 + (e^ρ − 1) + e^ρ (e^ρ − 1 − ρ)).
  const e = Math.exp(0.8)
  const first = 1 / (1 + (e - 1) + e * (e - 1 - 0.8))
  near(mg1k(0.8, 0, 3).blocking, 1 - 1 / (first + 0.8))
})

test('one place and none to wait in: Erlang’s loss formula, whatever the service', () => {
  for (const cv of [0, 0.5, 1, 2]) near(mg1k(2, cv, 1).blocking, 2 / 3)
  // B(5 servers, 3 erlangs) = 0.11005 in every table.
  near(mmck(3, 5, 5).blocking, 0.11005, 1e-4)
})

test('M/M/c: Erlang’s waiting formula, where nobody is turned away', () => {
  // C(2 servers, ρ = 0.75) = 2ρ²/(1 + ρ) = 0.642857; mean wait C/(2(1 − ρ)).
  const queue = mmck(1.5, 2, 400)
  near(queue.waitTail(0), 0.6428571428, 1e-6)
  near(queue.meanWait, 0.6428571428 / 0.5, 1e-6)
  // P(W > t) = C e^(−2(1−ρ)t)
  near(waitQuantile(queue, 0.99), Math.log(0.6428571428 / 0.01) / 0.5, 1e-5)
})

test('M/D/1 waits half as long as M/M/1 (Pollaczek and Khinchine)', () => {
  near(mg1k(0.8, 0, 500).meanWait, 0.8 / (2 * 0.2), 1e-6)
  near(mg1k(0.8, 1, 500).meanWait, 0.8 / 0.2, 1e-6)
})

test('retries: the fixed point of 1 + B + B² + …', () => {
  const { offered, lost } = withRetries(() => 0.5, 3)
  near(offered, 1.75)
  near(lost, 0.125)
})

/** One loop under Poisson load whose clients do not try again, in balance. */
function played(rho: number, cv: number, backlog: number, loops = 1) {
  const arrivals = Float64Array.from(poissonArrivals(rho * loops * 1000, 300_000 / loops, seededRandom(11)))
  const loop = { ...defaultLoop, acceptMs: 1, acceptCv: cv }
  const system: System = {
    arrivals,
    halfOpen: new Float64Array(0),
    shards: [{ backlog, loops: Array.from({ length: loops }, () => loop), absences: [] }],
    steering: { by: 'hash' },
    kernel: defaultKernel,
    client: { ...defaultClient, rttMs: 0, timeoutMs: 900 },
  }
  const { counters, records } = play(system)
  const waits = new Distribution(records.acceptedMs.map((at, i) => at - records.queuedMs[i]!))
  return { blocking: counters.ListenDrops / arrivals.length, waits }
}

test('the simulator drops as M/G/1/K says, within 5 %, and lets wait as it says', () => {
  for (const cv of [0, 1, 2])
    for (const [rho, backlog] of [
      [0.9, 8],
      [1.2, 20],
    ] as const) {
      const queue = mg1k(rho, cv, capacityOf(backlog, 1))
      const seen = played(rho, cv, backlog)
      near(seen.blocking, queue.blocking, 0.05)
      near(seen.waits.mean, queue.meanWait, 0.05)
      assert.ok(Math.abs(seen.waits.quantile(0.99) - waitQuantile(queue, 0.99)) < 1 + 0.05 * waitQuantile(queue, 0.99))
    }
})

test('the simulator drops as M/M/c/K says, where loops share a socket', () => {
  const queue = mmck(3.6, 4, capacityOf(8, 4))
  const seen = played(0.9, 1, 8, 4)
  near(seen.blocking, queue.blocking, 0.06)
  near(seen.waits.mean, queue.meanWait, 0.05)
})

test('half-open: how long requests live and how many stand, and the simulator agrees', () => {
  assert.equal(lifeMs(5), 63_000)
  assert.equal(lifeMs(1), 3000)
  const setting = { backlog: 511, synAckRetries: 5, syncookies: 1 as const, maxSynBacklog: 2048 }
  assert.equal(roomForRequests(setting), 512)
  assert.equal(roomForRequests({ ...setting, syncookies: 0, maxSynBacklog: 16 }), 13)
  // 1537 fit, less than half of the backlog: nothing is pruned, and 63 s of arrivals overflow it.
  const bounded = synQueueLoad(40, { ...setting, backlog: 4096, syncookies: 0 })
  assert.deepEqual([bounded.length, bounded.regime], [1537, 'full'])
  near(bounded.fullShare, 1 - 1537 / (40 * 63))
  for (const perSecond of [2, 20, 40, 1000]) {
    const { synQueuePeak, counters } = play({
      arrivals: new Float64Array(0),
      halfOpen: Float64Array.from({ length: perSecond * 150 }, (_, i) => (i * 1000) / perSecond),
      shards: [{ backlog: 511, loops: [defaultLoop], absences: [] }],
      steering: { by: 'hash' },
      kernel: defaultKernel,
      client: defaultClient,
    })
    const { length, regime } = synQueueLoad(perSecond, setting)
    near(synQueuePeak, length, 0.12)
    assert.equal(regime === 'full', counters.SyncookiesSent > 0)
  }
})
