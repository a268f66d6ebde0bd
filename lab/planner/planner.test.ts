/** Answers to whole questions: that the ways of predicting agree, and that what cannot be saved is called so. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { adviceFrom } from './advice.ts'
import { type Question, questions } from './ask.ts'
import { busiest } from './busiest.ts'
import { neededBacklog } from './closed/forecast.ts'
import { adviceFor, type ListenerHistory, listenersAnswer } from './listeners.ts'
import { disagreements, within } from './outcome.ts'
import { poissonSteps } from './poisson-steps.ts'
import { smallestBacklogByPlay } from './search.ts'
import type { Situation } from './situation.ts'
import { defaultClient, defaultKernel } from './system.ts'

const situation = (parts: Partial<Situation> = {}): Situation => ({
  arrivals: { shape: 'poisson', ratePerSecond: 1000 },
  forMs: 5000,
  backends: 1,
  mode: 'sharded',
  dealing: 'hash',
  backlog: undefined,
  somaxconn: 4096,
  accept: { ms: 0, cv: 0, handleMs: 0, perTurn: 1 },
  stall: undefined,
  slow: undefined,
  restart: undefined,
  halfOpenPerSecond: 0,
  kernel: defaultKernel,
  client: defaultClient,
  target: { delayedShare: 0, sureness: 0.99, waitMs: undefined },
  seed: 1,
  ...parts,
})
const stall = (ms: number, whom: 'one' | 'all' = 'one') => ({ ms, everyMs: undefined, whom })
const ask = (question: Question, parts: Partial<Situation>) => questions[question](situation(parts))

test('the backlog for a stall: a constant rate needs one less than what comes, and the simulation agrees', () => {
  for (const [ratePerSecond, ms] of [
    [1000, 80],
    [250, 100],
    [40, 50],
  ] as const) {
    const asked = situation({ arrivals: { shape: 'constant', ratePerSecond }, stall: stall(ms) })
    assert.equal(neededBacklog(asked)?.result.value, (ratePerSecond * ms) / 1000 - 1)
    assert.ok(Math.abs(smallestBacklogByPlay(asked).estimate.value - ((ratePerSecond * ms) / 1000 - 1)) <= 1)
  }
})

test('the backlog for a stall: Poisson, over shards, on all of them, and for a share: both ways agree', () => {
  for (const parts of [
    { stall: stall(80) },
    { backends: 4, stall: stall(200) },
    { backends: 4, stall: stall(200, 'all') },
    { backends: 3, arrivals: { shape: 'constant', ratePerSecond: 900 }, stall: stall(100) },
    { backends: 2, stall: stall(150), target: { delayedShare: 0.01, sureness: 0.99, waitMs: undefined } },
    {
      accept: { ms: 0.8, cv: 1, handleMs: 0, perTurn: 1 },
      target: { delayedShare: 0.01, sureness: 0.99, waitMs: undefined },
    },
  ] satisfies Partial<Situation>[]) {
    const { disagreements, data, outcomes } = ask('backlog', parts)
    assert.deepEqual(disagreements, [], JSON.stringify(parts))
    assert.equal(outcomes.length, 2)
    assert.ok(Number(data.backlog) > 0)
  }
})

test('a load above capacity: no backlog saves it, and what would is said', () => {
  const { answer, data, settings } = ask('backlog', { backends: 2, accept: { ms: 4, cv: 0, handleMs: 0, perTurn: 1 } })
  assert.match(answer[0]!, /No backlog saves this: 1,000\/s come, and 2 backends accept 500\/s at most/)
  assert.deepEqual([data.unstable, data.backendsThatWouldDo, settings], [true, 5, []])
})

test('stalls take their part of the capacity', () => {
  const parts = {
    accept: { ms: 0.9, cv: 0, handleMs: 0, perTurn: 1 },
    stall: { ms: 200, everyMs: 1000, whom: 'one' as const },
  }
  assert.equal(ask('backlog', parts).data.unstable, true)
})

test('a wait cannot be mended by a longer queue, and the planner says so', () => {
  const target = { delayedShare: 0, sureness: 0.99, waitMs: 5 }
  const { answer } = ask('backlog', { stall: stall(400), target })
  assert.match(answer.join(' '), /only shorter stalls help|longer queue never shortens a wait/)
})

test('what a setting does: somaxconn clamps it, drops are counted as the formula has it', () => {
  const { answer, data, disagreements } = ask('setting', {
    ...{ arrivals: { shape: 'constant', ratePerSecond: 1000 }, stall: stall(200), backlog: 5000, somaxconn: 100 },
  })
  assert.match(answer.join(' '), /somaxconn grants only 100 of the 5,000/)
  assert.equal(data.backlog, 100)
  assert.deepEqual(disagreements, [])
})

test('limits: the knee and the longest stall are where arrivals reach N + 1', () => {
  const arrivals = { shape: 'constant', ratePerSecond: 1000 } as const
  const knee = Number(ask('rate', { arrivals, backlog: 99, stall: stall(100) }).data.ratePerSecond)
  assert.ok(Math.abs(knee - 1000) < 15, `${knee}`)
  const longest = Number(ask('stall', { arrivals, backlog: 99 }).data.stallMs)
  assert.ok(Math.abs(longest - 100) < 1.5, `${longest}`)
})

test('more backends need less backlog each, and enough of them carry any load', () => {
  const { data } = ask('backends', { backlog: 40, stall: stall(100) })
  const backends = Number(data.backends)
  const needs = (n: number): number => neededBacklog(situation({ backends: n, stall: stall(100) }))!.result.value
  assert.ok(needs(backends) <= 40 && needs(backends - 1) > 40)
})

test('one queue for all is never worse than one each, and a slow shard loses its share of the clients', () => {
  const accept = { ms: 1.7, cv: 0, handleMs: 0, perTurn: 1 }
  const client = { ...defaultClient, timeoutMs: 900 }
  const shared = ask('shared', { backends: 2, backlog: 3, accept, client })
  const [each, one] = shared.data.ways as {
    outcomes: { method: string; estimates: { delayedShare: { value: number } } }[]
  }[]
  const share = (way: typeof each): number => way!.outcomes.at(-1)!.estimates.delayedShare.value
  assert.ok(share(one) < share(each))
  const slow = ask('slow', {
    arrivals: { shape: 'poisson', ratePerSecond: 400 },
    backends: 4,
    backlog: 20,
    accept: { ...accept, ms: 1 },
    slow: { backends: 1, acceptMs: 1000 },
    client,
  })
  const [, hashed] = slow.data.ways as typeof shared.data.ways & (typeof each)[]
  assert.ok(Math.abs(share(hashed!) - 0.25) < 0.03, 'a backend that hardly accepts loses nearly all of its quarter')
})

test('a rolling restart resets what waits, or moves it', () => {
  const { data, disagreements } = ask('restart', { backends: 2, backlog: 511, restart: { drainMs: 100, awayMs: 300 } })
  const [without, migrating] = data.ways as { outcomes: { estimates: { resets: { value: number } } }[] }[]
  const resets = (way: typeof without): number => way!.outcomes.at(-1)!.estimates.resets.value
  // 500 a second for 100 ms, twice.
  assert.ok(Math.abs(resets(without) - 100) < 12, `${resets(without)}`)
  assert.equal(resets(migrating), 0)
  assert.deepEqual(disagreements, [])
})

test('half-open clients: cookies let the good ones in, and without cookies they are dropped', () => {
  const parts = {
    arrivals: { shape: 'poisson', ratePerSecond: 50 } as const,
    forMs: 20_000,
    backlog: 255,
    halfOpenPerSecond: 200,
  }
  const lost = (syncookies: 0 | 1): number => {
    const { data } = ask('syn-queue', { ...parts, kernel: { ...defaultKernel, syncookies } })
    return (data.estimates as { delayedShare: { value: number } }).delayedShare.value
  }
  assert.equal(lost(1), 0)
  assert.ok(lost(0) > 0.5)
})

test('memory: both queues of every socket', () => {
  assert.equal(ask('memory', { backlog: 99, backends: 3 }).data.bytes, 3 * 100 * (3520 + 320))
})

test('two ways that differ by more than their errors are said to disagree', () => {
  const outcome = (method: 'closed form' | 'simulation', value: number) => ({
    method,
    basis: '',
    estimates: { drops: within(value, 0.1) },
  })
  assert.equal(disagreements([outcome('closed form', 100), outcome('simulation', 115)]).length, 0)
  assert.equal(disagreements([outcome('closed form', 100), outcome('simulation', 130)]).length, 1)
})

test('the busiest window of a recording, and rates made into arrivals', () => {
  assert.deepEqual(busiest(Float64Array.of(0, 10, 50, 51, 52, 90), 5), { fromMs: 50, count: 3 })
  const arrivals = poissonSteps([100, 0, 300], 10_000, 1)
  const within = (fromMs: number, toMs: number): number =>
    arrivals.filter((atMs) => atMs >= fromMs && atMs < toMs).length
  assert.ok(Math.abs(within(0, 10_000) - 1000) < 130)
  assert.equal(within(10_000, 20_000), 0)
  assert.ok(Math.abs(within(20_000, 30_000) - 3000) < 220)
})

test('advice from what was seen: a backlog for the busiest moment, and what the present one survives', () => {
  const arrivals = Float64Array.from({ length: 1000 }, (_, i) => i * 10)
  const advice = adviceFrom(arrivals, { sockets: 1, limit: 19, stallMs: 500 })
  assert.deepEqual([advice?.backlog, advice?.enough], [49, false])
  assert.ok(Math.abs(advice!.survivesMs - 200) < 11)
  assert.equal(adviceFrom(new Float64Array(0), { sockets: 1, limit: 19, stallMs: 500 }), undefined)
})

const history = (parts: Partial<ListenerHistory>): ListenerHistory => ({
  ...{ netns: 'host', address: '0.0.0.0', port: '8080', shard: '1', process: 'node', limit: 128, peak: 0 },
  ...{ drops: 0, worstDrops: 0, fullSeconds: 0, overflows: 0, peakRate: 10 },
  ...parts,
})
const HOUR_MS = 3_600_000

test('a listener that stood full and dropped is too small, by between its tries and its drops', () => {
  const advice = adviceFor(history({ peak: 129, drops: 60, worstDrops: 44, fullSeconds: 3 }), HOUR_MS)
  assert.deepEqual([advice.verdict, advice.missing, advice.backlog], ['too small', { low: 4, high: 44 }, 172])
})

test('one that is full most of the time is overloaded, one near its limit tight, one that drops unfilled something else', () => {
  const verdict = (parts: Partial<ListenerHistory>): string => adviceFor(history(parts), HOUR_MS).verdict
  assert.equal(verdict({ peak: 129, drops: 9000, worstDrops: 500, fullSeconds: 1800 }), 'overloaded')
  assert.equal(verdict({ peak: 110 }), 'tight')
  assert.equal(verdict({ peak: 20, drops: 5, worstDrops: 2 }), 'drops of another kind')
  assert.equal(verdict({ peak: 20 }), 'enough')
  const { answer } = listenersAnswer(
    [history({}), history({ shard: '2', peak: 129, drops: 5, worstDrops: 5, fullSeconds: 1 })],
    HOUR_MS,
  )
  assert.match(answer[0]!, /^1 of 2 in the last 60 min|^1 of 2 in the last 3600/)
})
