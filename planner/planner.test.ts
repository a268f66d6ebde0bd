/** Answers to whole questions: that the ways of predicting agree, and that what cannot be saved is called so. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { backlogSettings } from './answer.ts'
import { type Question, questions } from './ask.ts'
import { busiest } from './busiest.ts'
import { neededBacklog } from './closed/forecast.ts'
import { disagreements, within } from './outcome.ts'
import { poissonSteps } from './poisson-steps.ts'
import { largest } from './questions/scan.ts'
import { meanOf, sharesOf } from './replicate.ts'
import { smallestBacklogByPlay, smallestFrom } from './search.ts'
import type { Situation } from './situation.ts'
import { defaultClient, defaultKernel } from './system.ts'
import { situationWith } from './testing/situation.ts'

const near = { ...defaultClient, rttMs: 0 }
const far = { ...defaultClient, rttMs: 50 }
const impatient = { ...defaultClient, timeoutMs: 900 }
const cost = (ms: number, cv = 0) => ({ ms, cv, handleMs: 0, perTurn: 1 })
const every = (ms: number, everyMs: number, whom: 'one' | 'all' = 'one') => ({ ms, everyMs, whom })
const losing = (delayedShare: number) => ({ delayedShare, sureness: 0.99, waitMs: undefined })
const stall = (ms: number, whom: 'one' | 'all' = 'one') => ({ ms, everyMs: undefined, whom })
const ask = (question: Question, parts: Partial<Situation>) => questions[question](situationWith(parts))

test('the backlog for a stall: a constant rate needs one less than what comes, and the simulation agrees', () => {
  for (const [ratePerSecond, ms] of [
    [1000, 80],
    [250, 100],
    [40, 50],
  ] as const) {
    const asked = situationWith({ arrivals: { shape: 'constant', ratePerSecond }, stall: stall(ms), client: near })
    assert.equal(neededBacklog(asked)?.result.value, (ratePerSecond * ms) / 1000 - 1)
    assert.equal(smallestBacklogByPlay(asked).estimate.value, (ratePerSecond * ms) / 1000 - 1)
  }
})

test('a round trip away one more is needed: a SYN that comes before the last final ACKs finds N + 1 there', () => {
  const asked = situationWith({
    arrivals: { shape: 'constant', ratePerSecond: 1000 },
    stall: stall(80),
    client: { ...defaultClient, rttMs: 20 },
  })
  assert.equal(neededBacklog(asked)?.result.value, 80)
  assert.equal(smallestBacklogByPlay(asked).estimate.value, 80)
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

for (const [what, question, parts] of [
  ['clients that never try again', 'setting', { stall: stall(100), backlog: 60, client: impatient }],
  [
    'clients a long way off, whose final ACKs meet a full queue',
    'setting',
    { arrivals: { shape: 'constant', ratePerSecond: 3300 }, stall: every(330, 5000), backlog: 240, client: far },
  ],
  [
    'a round trip as long as the stall',
    'setting',
    { arrivals: { shape: 'poisson', ratePerSecond: 20_000 }, backends: 2, stall: stall(50), backlog: 5, client: far },
  ],
  ['a share, a long way off', 'backlog', { stall: stall(100), client: far, target: losing(0.01) }],
  ['a loaded queue that a stall meets', 'backlog', { stall: stall(30), accept: cost(0.8, 1), target: losing(0.01) }],
  ['loaded queues that stalls meet, none lost', 'backlog', { stall: every(20, 1000), accept: cost(0.8, 1) }],
  ['a loaded queue, a long way off', 'backlog', { accept: cost(0.93), target: losing(0.05), client: far }],
  [
    'a rare loss that few runs see',
    'backlog',
    {
      backends: 2,
      arrivals: { shape: 'poisson', ratePerSecond: 400 },
      stall: stall(2800, 'all'),
      target: losing(1e-4),
    },
  ],
  [
    'queues too short a time in balance',
    'setting',
    { arrivals: { shape: 'poisson', ratePerSecond: 35 }, backends: 16, accept: cost(320, 0.5), backlog: 4000 },
  ],
  [
    'retries that have only begun to come',
    'setting',
    {
      arrivals: { shape: 'poisson', ratePerSecond: 16_000 },
      forMs: 3000,
      accept: cost(0.058),
      backlog: 3,
      client: near,
    },
  ],
  ['half-open clients for a short time', 'syn-queue', { halfOpenPerSecond: 40, backlog: 4000 }],
  [
    'half-open clients beside many good ones, a long way off',
    'syn-queue',
    { halfOpenPerSecond: 5, backlog: 511, client: far },
  ],
] satisfies [string, Question, Partial<Situation>][])
  test(`closed form and simulation agree about ${what}`, () => {
    const { disagreements, outcomes } = ask(question, parts)
    assert.deepEqual(disagreements, [])
    assert.equal(outcomes.length, 2)
  })

test('stalls that repeat over a recording have no closed form: they meet its quiet times too', () => {
  const atMs = Float64Array.from({ length: 4000 }, (_, i) => (i < 2000 ? i * 5 : 10_000 + (i - 2000) / 2))
  const arrivals = { shape: 'recorded', atMs, source: 'a test' } as const
  assert.equal(ask('backlog', { arrivals, stall: every(100, 1000), target: losing(0.01) }).outcomes.length, 1)
  assert.equal(ask('backlog', { arrivals, stall: stall(100), target: losing(0.01) }).outcomes.length, 2)
})

test('stalls that come before a queue has forgotten the last one have no closed form', () => {
  const parts = { arrivals: { shape: 'poisson', ratePerSecond: 6 }, accept: cost(50, 1), forMs: 20_000 } as const
  assert.equal(ask('backlog', { ...parts, stall: every(56, 150) }).outcomes.length, 1)
  assert.equal(ask('backlog', { ...parts, stall: every(56, 5000) }).outcomes.length, 2)
})

test('what the backlog question answers holds when it is asked for, and eight tenths of it do not', () => {
  for (const parts of [
    { stall: stall(200), target: losing(0.02) },
    { backends: 4, stall: every(100, 2000), target: losing(0.001) },
    { accept: cost(0.8, 1), target: losing(0.01) },
  ] satisfies Partial<Situation>[]) {
    const backlog = Number(ask('backlog', parts).data.backlog)
    const share = (limit: number): number =>
      (ask('setting', { ...parts, backlog: limit, seed: 7 }).data.estimates as { delayedShare: { value: number } })
        .delayedShare.value
    assert.ok(share(backlog) <= parts.target.delayedShare * 1.25, `${share(backlog)} with ${backlog}`)
    assert.ok(share(Math.floor(backlog * 0.8)) > parts.target.delayedShare)
  }
})

test('where somaxconn grants less, every answer says so, and reckons with what it grants', () => {
  const parts = { backlog: 5000, somaxconn: 128, backends: 2, stall: stall(400) }
  const restart = { drainMs: 50, awayMs: 100 }
  const slow = { backends: 1, acceptMs: 1 }
  for (const question of ['setting', 'backends', 'stall', 'shared', 'memory'] as const)
    assert.match(ask(question, parts).answer.join(' '), /somaxconn grants only 128 of the/, question)
  assert.match(ask('rate', parts).answer.join(' '), /somaxconn grants only 128 of the/)
  assert.match(ask('slow', { ...parts, slow, stall: undefined }).answer.join(' '), /somaxconn grants only 128/)
  assert.match(ask('restart', { ...parts, restart, stall: undefined }).answer.join(' '), /somaxconn grants only 128/)
  assert.match(ask('syn-queue', { ...parts, halfOpenPerSecond: 1 }).answer.join(' '), /somaxconn grants only 128/)
  assert.match(ask('backlog', { ...parts, backlog: undefined }).answer.join(' '), /Raise net.core.somaxconn first/)
  const { ways } = ask('shared', parts).data as { ways: { outcomes: { estimates: { drops: { value: number } } }[] }[] }
  assert.ok(ways[0]!.outcomes[0]!.estimates.drops.value > 0, 'what does not fit 129 is dropped')
})

test('of a stall, those who come during it are told of: not the many who come before and after', () => {
  const { answer, data } = ask('setting', { stall: stall(80), backlog: 200 })
  const { acceptWaitMs } = data as { acceptWaitMs: { p50: number; max: number } }
  assert.ok(Math.abs(acceptWaitMs.p50 - 40) < 4 && acceptWaitMs.max <= 80)
  assert.match(answer.join(' '), /Nothing is dropped .*Of those who come during the stall/s)
})

test('a limit that is not reached is not made up', () => {
  const { data, answer, disagreements } = ask('stall', { backlog: 500, backends: 4, mode: 'shared' })
  assert.equal(data.stallMs, Number.POSITIVE_INFINITY)
  assert.match(answer[0]!, /Any that was looked at, up to 10 min/)
  assert.deepEqual(disagreements, [])
})

test('a loop that takes seconds has a knee below one connection a second', () => {
  const knee = Number(ask('rate', { backlog: 10, accept: cost(5000, 1) }).data.ratePerSecond)
  assert.ok(knee > 0.05 && knee < 0.2, `${knee}`)
})

test('a slow backend that cannot carry its part is saved by no backlog', () => {
  const parts = { backends: 4, slow: { backends: 1, acceptMs: 10 }, accept: cost(0.1) }
  assert.match(ask('backlog', parts).answer[0]!, /each slow backend gets 250\/s, and accepts 100\/s at most/)
  assert.ok(Number(ask('backlog', { ...parts, mode: 'shared' }).data.backlog) >= 0)
})

test('the way that drops less is the one to set', () => {
  const { answer, settings } = ask('shared', { backends: 2, backlog: 3, accept: cost(1.7), client: impatient })
  assert.match(answer[0]!, /^One shared socket drops less/)
  assert.ok(
    settings.some(({ text }) => text.includes('backlog: 7 ')),
    JSON.stringify(settings),
  )
})

test('without cookies a longer SYN queue takes tcp_max_syn_backlog too', () => {
  const kernel = { ...defaultKernel, syncookies: 0 as const }
  const { settings } = ask('syn-queue', { halfOpenPerSecond: 400, backlog: 128, kernel })
  assert.ok(
    settings.some(({ text }) => /^sysctl -w net.ipv4.tcp_max_syn_backlog=49\d\d /.test(text)),
    JSON.stringify(settings),
  )
})

test('a percentile in the table is that of the words: of all runs together', () => {
  const { data, answer } = ask('setting', { backends: 4, stall: stall(80), backlog: 15 })
  const { connectMs, estimates } = data as {
    connectMs: { p99: number }
    estimates: { connectP99Ms: { value: number } }
  }
  assert.equal(connectMs.p99, estimates.connectP99Ms.value, answer.join(' '))
})

test('good clients are not said to feel nothing where a stall drops them', () => {
  const { answer } = ask('syn-queue', { halfOpenPerSecond: 1, backlog: 20, stall: stall(100) })
  assert.match(answer.join(' '), /lose a SYN for another reason/)
})

test('few runs know little: where one of them has it all, the rest may have been lucky', () => {
  assert.ok(meanOf([10, 10.5, 9.5, 10]).high < 12)
  assert.ok(meanOf([0, 0, 0, 0, 8, 0, 0, 0]).high > 20)
  assert.equal(meanOf([0, 0, 0, 0], 1).high, 4.6 / 4)
})

test('few runs do not show what happens once in a hundred: the answer goes beyond them, and says so', () => {
  const parts = { arrivals: { shape: 'poisson', ratePerSecond: 5000 } as const, accept: cost(0.194, 1), forMs: 10_000 }
  const { data, answer, howSure } = ask('backlog', parts)
  assert.match(answer[0]!, /with about 99 % certainty/)
  assert.match(howSure[0]!, /rests on \d+ simulated runs, and lies beyond what they needed/)
  const { simulation } = data.estimates as { simulation: { value: number; low: number } }
  assert.ok(simulation.value > simulation.low)
})

test('the smallest and the largest for which something holds, from any guess', () => {
  for (const guess of [0, 1, 40, 99, 100, 500])
    assert.equal(
      smallestFrom(500, guess, (value) => value >= 99),
      99,
    )
  assert.equal(
    smallestFrom(500, 3, () => true),
    0,
  )
  const upTo = (most: number) => (value: number) => value <= most
  for (const guess of [1, 30, 400]) assert.ok(Math.abs(largest({ low: 1, high: 1000, guess }, upTo(77)) - 77) < 0.5)
  assert.ok(Number.isNaN(largest({ low: 1, high: 1000 }, upTo(0.5))))
  assert.equal(largest({ low: 1, high: 1000 }, upTo(5000)), Number.POSITIVE_INFINITY)
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
    arrivals: { shape: 'constant', ratePerSecond: 1000 },
    stall: stall(200),
    backlog: 5000,
    somaxconn: 100,
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
  const needs = (n: number): number => neededBacklog(situationWith({ backends: n, stall: stall(100) }))!.result.value
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

test('a share of the connections counts connections, not runs: those to which more come lose more', () => {
  const runs = [
    { counted: 10, delayedShare: 0.1 },
    { counted: 30, delayedShare: 0.3 },
  ]
  const shares = sharesOf(runs, (run) => run.delayedShare)
  assert.ok(Math.abs(meanOf(shares).value - 10 / 40) < 1e-12)
})

test('a backlog of 0 is set as the least that servers take as such, and that is said', () => {
  const texts = backlogSettings(0, { somaxconn: 4096, mode: 'shared' }).map(({ text }) => text)
  assert.match(
    texts[0]!,
    /^server\.listen\(\{ port, host, backlog: 1 \}\) {3}\/\/ .*2 connections fit: Node takes 0 for 511$/,
  )
  assert.match(texts[1]!, /^listen 8080 backlog=1; {3}# .*2 connections fit: nginx refuses 0$/)
  const { settings, answer } = ask('backlog', { arrivals: { shape: 'constant', ratePerSecond: 1 }, stall: stall(10) })
  assert.match(answer[0]!, /^A backlog of 0 /)
  for (const { text } of settings) assert.doesNotMatch(text, /backlog(=|: )0/)
})

test('where somaxconn grants less, it is to be raised before the servers listen', () => {
  for (const backlog of [129, 70_000, 2_147_483_647]) {
    const [first, ...servers] = backlogSettings(backlog, { somaxconn: 128, mode: 'sharded' })
    assert.ok(first!.text.startsWith(`sysctl -w net.core.somaxconn=${backlog} `), first!.text)
    assert.deepEqual(
      servers.map(({ text }) => text),
      [
        `server.listen({ port, host, backlog: ${backlog}, reusePort: true })`,
        `listen 8080 reuseport backlog=${backlog};`,
      ],
    )
  }
  const [, node] = backlogSettings(2 ** 40, { somaxconn: 128, mode: 'shared' })
  assert.match(node!.text, /backlog: 2147483647 /, 'what an int holds')
})

test('a recording is planned for as it was: no answer says how certain it is to come again', () => {
  const source = '3 arrivals over 5 ms, column `time` as seconds, recorded in a.csv'
  const arrivals = { shape: 'recorded' as const, atMs: Float64Array.of(0, 2, 5), source }
  const one = ask('backlog', { arrivals, stall: stall(4) })
  assert.match(one.answer[0]!, /nothing of this recording is dropped\.$/)
  assert.ok(one.answer.includes(`Read: ${source}.`))
  const short = ask('backlog', { arrivals, stall: stall(80) })
  assert.match(short.answer[0]!, /it lasts 5 ms, less than the stall, and what comes in the rest of one is not known/)
  const spread = ask('backlog', { arrivals, stall: stall(4), backends: 2 })
  assert.match(spread.answer[0]!, /in 99 % of the ways that chance can play it/)
  for (const { answer } of [one, short, spread]) assert.doesNotMatch(answer.join(' '), /certainty/)
  assert.ok(ask('setting', { arrivals, stall: stall(4), backlog: 1 }).answer.includes(`Read: ${source}.`))
})
