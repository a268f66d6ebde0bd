import assert from 'node:assert/strict'
import test from 'node:test'
import { adviceFrom, type Seen } from './advice.ts'
import type { CountedInterval } from './counted-arrivals.ts'

/** Counts of intervals that follow each other. */
const counts = (values: readonly number[], everyMs = 100): CountedInterval[] =>
  values.map((count, i) => ({ fromMs: 5000 + i * everyMs, toMs: 5000 + (i + 1) * everyMs, count }))

const constant = (perInterval: number, intervals = 600): CountedInterval[] =>
  counts(Array<number>(intervals).fill(perInterval))

const seen = (parts: Partial<Seen> = {}): Seen => ({ limits: [19], byChance: true, stallMs: 500, ...parts })

const advised = (intervals: CountedInterval[], parts: Partial<Seen> = {}) => {
  const advice = adviceFrom([intervals], seen(parts))
  assert.ok(advice !== undefined)
  return advice
}

test('a constant rate needs rate times stall, less one, and no more than an interval of doubt', () => {
  for (const stallMs of [100, 300, 500, 2000]) {
    const { backlog } = advised(constant(10), { stallMs })
    const exact = (100 * stallMs) / 1000 - 1
    assert.ok(backlog >= exact && backlog <= exact + 10, `${stallMs} ms: ${backlog}, exactly ${exact}`)
  }
})

test('finer readings leave less doubt', () => {
  const fine = advised(counts(Array<number>(6000).fill(10), 10), { stallMs: 100 })
  assert.ok(fine.backlog >= 99 && fine.backlog <= 105, `${fine.backlog}`)
})

test('whatever the arrivals within the intervals were, at most one window of a hundred brings more than fit', () => {
  // Independent arrivals, 300 a second for a minute, as the planner's counts show them.
  let state = 12_345
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state / 2 ** 32
  }
  const arrivals = Float64Array.from({ length: 18_000 }, () => random() * 60_000).sort()
  const before = (ms: number): number => arrivals.findIndex((atMs) => atMs >= ms) >>> 0
  const between = (fromMs: number, toMs: number): number =>
    Math.min(arrivals.length, before(toMs)) - Math.min(arrivals.length, before(fromMs))
  const intervals = counts(Array.from({ length: 600 }, (_, i) => between(i * 100, i * 100 + 100)))
  for (const stallMs of [20, 100, 250, 1000]) {
    const { backlog } = advised(intervals, { stallMs })
    const starts = Array.from({ length: 1000 }, (_, i) => (i * (60_000 - stallMs)) / 1000)
    const over = starts.filter((fromMs) => between(fromMs, fromMs + stallMs) > backlog + 1).length
    assert.ok(over <= 10, `${stallMs} ms: ${over} of 1000 windows bring more than ${backlog + 1}`)
  }
})

test('a burst counts as a whole, also for a stall shorter than the time between two readings', () => {
  const quiet = Array<number>(100).fill(1)
  const { backlog, words } = advised(counts([...quiet, 500, ...quiet]), { stallMs: 10 })
  assert.ok(backlog >= 499 - 1 && backlog <= 501, `${backlog}`)
  assert.match(words.join(' '), /A stall of 10 ms is counted as one of 100 ms: arrivals are known no finer/)
})

test('what it would take if each interval’s arrivals came at once is said', () => {
  const { words } = advised(constant(30), { stallMs: 100 })
  assert.match(words.join(' '), /if all of them came in one instant, it would have to be 59/)
})

test('sockets that get arrivals by chance need less than the whole, and more than their even share', () => {
  const { backlog, words } = advised(constant(30), { limits: [128, 128, 128], stallMs: 1000 })
  assert.ok(backlog > 105 && backlog < 130, `${backlog}`)
  assert.match(words.join(' '), new RegExp(`one of 3 sockets gets at most ${backlog + 1} of them. N \\+ 1 fit`))
  const steered = advised(constant(30), { limits: [128, 128, 128], stallMs: 1000, byChance: false })
  assert.ok(steered.backlog >= 299, `${steered.backlog}`)
  assert.match(steered.words.join(' '), /one socket may get them all/)
})

test('a backlog that is too small is told which stall it survives, each socket by its own', () => {
  const { backlog, sockets, words } = advised(constant(10), { limits: [19, 128], byChance: false })
  assert.deepEqual(
    sockets.map(({ limit, enough }) => [limit, enough]),
    [
      [19, false],
      [128, true],
    ],
  )
  const [small, large] = sockets.map(({ survives }) => survives)
  assert.equal(small?.bound, 'exactly')
  assert.ok(small.ms > 100 && small.ms <= 200, `20 fit, 100 come a second: ${small.ms} ms`)
  assert.ok(large!.ms > 1150 && large!.ms <= 1290, `129 fit: ${large!.ms} ms`)
  assert.match(
    words[0]!,
    new RegExp(`^Set a backlog of ${backlog} on 1 of the 2 sockets: the least there is, 19, survives`),
  )
})

test('what is advised survives the stall it is advised for, and one less does not', () => {
  for (const limits of [[1], [1, 1, 1, 1]])
    for (const stallMs of [100, 340, 1700]) {
      const { backlog } = advised(constant(17), { limits, stallMs })
      const survives = (backlog: number): number =>
        advised(constant(17), { limits: limits.map(() => backlog), stallMs }).sockets[0]!.survives.ms
      assert.ok(survives(backlog) >= stallMs * 0.985, `${backlog} survives ${survives(backlog)} of ${stallMs} ms`)
      assert.ok(survives(backlog - 1) <= stallMs, `${backlog - 1} survives ${survives(backlog - 1)} of ${stallMs} ms`)
    }
})

test('a backlog that holds all who came survives at least as long as was watched: nothing longer is claimed', () => {
  const { sockets, words } = advised(counts([0, 1, 0, 2, 0, 0, 1, 0, 0, 0]), { limits: [128] })
  assert.deepEqual(sockets[0], { limit: 128, enough: true, survives: { ms: 1000, bound: 'at least' } })
  assert.match(words[0]!, /128 is set, and survives 1 s or more\.$/)
})

test('a backlog that does not survive the shortest stall that can be told says so', () => {
  const { sockets } = advised(constant(500), { limits: [8] })
  assert.deepEqual(sockets[0]?.survives, { ms: 100, bound: 'less than' })
})

test('somaxconn below what is advised is said', () => {
  assert.match(advised(constant(100), { somaxconn: 128 }).words.join(' '), /somaxconn is 128 and would cut it down/)
  assert.doesNotMatch(advised(constant(100), { somaxconn: 4096 }).words.join(' '), /somaxconn/)
})

test('no stall is laid over a gap, and one longer than any run has no answer', () => {
  const half = constant(10, 4)
  const later = half.map(({ fromMs, toMs, count }) => ({ fromMs: fromMs + 60_000, toMs: toMs + 60_000, count }))
  assert.equal(adviceFrom([half, later], seen({ stallMs: 500 })), undefined)
  assert.equal(adviceFrom([half, later], seen({ stallMs: 400 }))?.backlog, 39)
})

test('without arrivals or sockets there is no advice', () => {
  assert.equal(adviceFrom([], seen()), undefined)
  assert.equal(adviceFrom([constant(0)], seen()), undefined)
  assert.equal(adviceFrom([constant(10)], seen({ limits: [] })), undefined)
})
