import assert from 'node:assert/strict'
import test from 'node:test'
import { type BudgetedWork, CostBudget } from './cost-budget.ts'

/** Does the work whenever it is due, on a clock of its own; gives the share of the time that it took after the first half. */
function shareTaken(works: { work: BudgetedWork; costMs: (nowMs: number) => number }[]): number {
  const endMs = 600_000
  const due = works.map(() => 0)
  let spentMs = 0
  let nowMs = 0
  while (nowMs < endMs) {
    const next = due.indexOf(Math.min(...due))
    nowMs = Math.max(nowMs, due[next]!)
    const { work, costMs } = works[next]!
    const cost = costMs(nowMs)
    work.observe(cost)
    if (nowMs > endMs / 2) spentMs += cost
    due[next] = nowMs + work.intervalMs()
    nowMs += cost
  }
  return spentMs / (endMs / 2)
}

test('cheap work runs at the interval that was asked for', () => {
  const budget = new CostBudget(0.02, 15_000)
  const connections = budget.work(1000)
  shareTaken([{ work: connections, costMs: () => 5 }])
  assert.equal(connections.intervalMs(), 1000)
})

test('dear work is stretched until all of it together stays under the budget', () => {
  const budget = new CostBudget(0.02, 60_000)
  const [often, seldom] = [budget.work(100), budget.work(1000)]
  const share = shareTaken([
    { work: often, costMs: () => 7 },
    { work: seldom, costMs: () => 90 },
  ])
  assert.ok(share < 0.0205, `${share}`)
  assert.ok(share > 0.0195, `not stretched more than needed: ${share}`)
  assert.ok(Math.abs(seldom.intervalMs() / often.intervalMs() - 10) < 1e-9, 'both alike')
})

test('no work is stretched beyond the ceiling, and none is done more often than it was asked for', () => {
  const budget = new CostBudget(0.02, 5000)
  const [dear, rare] = [budget.work(100), budget.work(60_000)]
  dear.observe(2000)
  rare.observe(2000)
  assert.equal(dear.intervalMs(), 5000)
  assert.equal(rare.intervalMs(), 60_000)
})

test('one dump that met cold caches does not stretch the intervals for long', () => {
  const budget = new CostBudget(0.02, 60_000)
  const connections = budget.work(1000)
  for (let i = 0; i < 50; i++) connections.observe(15)
  connections.observe(5000)
  assert.ok(connections.intervalMs() < 1500, `${connections.intervalMs()}`)
})

test('cost that has really grown is followed', () => {
  const budget = new CostBudget(0.02, 60_000)
  const connections = budget.work(1000)
  const share = shareTaken([{ work: connections, costMs: (nowMs) => (nowMs < 60_000 ? 0.01 : 200) }])
  assert.ok(share <= 0.021, `${share}`)
})

test('work that is no longer done gives its share back', () => {
  const budget = new CostBudget(0.01, 60_000)
  const [kept, gone] = [budget.work(100), budget.work(100)]
  kept.observe(1)
  gone.observe(9)
  assert.ok(Math.abs(kept.intervalMs() - 1000) < 1e-6)
  gone.release()
  assert.ok(Math.abs(kept.intervalMs() - 100) < 1e-6)
})

/** Does one work on a clock of its own; gives when it was done and what that cost. */
function done(
  work: BudgetedWork,
  untilMs: number,
  costMs: (time: number) => number,
): { atMs: number; costMs: number }[] {
  const times: { atMs: number; costMs: number }[] = []
  for (let nowMs = 0; nowMs < untilMs; ) {
    const cost = costMs(times.length)
    times.push({ atMs: nowMs, costMs: cost })
    work.observe(cost)
    nowMs += Math.max(cost, work.intervalMs())
  }
  return times
}

/** The most that was spent within a second. */
const mostInASecond = (times: { atMs: number; costMs: number }[]): number =>
  Math.max(
    ...times.map(({ atMs: from }) =>
      times.filter(({ atMs }) => atMs >= from && atMs < from + 1000).reduce((sum, { costMs }) => sum + costMs, 0),
    ),
  )

test('what is dear only while its code is cold comes to the cadence that was asked for within a second', () => {
  const work = new CostBudget(0.02, 1000).work(4)
  const cold = [5, 1.6, 0.35, 0.35, 0.3]
  const times = done(work, 2000, (time) => cold[time] ?? 0.05)
  const atCadence = times.find(({ atMs }, at) => (times[at + 1]?.atMs ?? Infinity) - atMs === 4)
  assert.ok(atCadence !== undefined && atCadence.atMs < 1000, `${atCadence?.atMs} ms`)
  assert.ok(mostInASecond(times) <= 20.001, `${mostInASecond(times)} ms`)
})

for (const [what, costMs] of [
  ['is dear from the beginning', () => 5],
  ['is dear after a cheap beginning', (time: number) => (time === 0 ? 0.05 : 5)],
  ['becomes dear', (time: number) => (time < 500 ? 0.05 : 5)],
  ['was dear for a while', (time: number) => (time < 300 ? 0.05 : time < 310 ? 8 : 0.05)],
] as const)
  test(`what ${what} exceeds the budget of no second by more than two of its costs`, () => {
    const times = done(new CostBudget(0.02, 1000).work(4), 20_000, costMs)
    const dearest = Math.max(...times.map((time) => time.costMs))
    assert.ok(mostInASecond(times) <= 20 + 2 * dearest + 0.001, `${mostInASecond(times)} ms`)
  })

test('what is dear every third time is no accident', () => {
  let time = 0
  const share = shareTaken([{ work: new CostBudget(0.02, 1000).work(4), costMs: () => (time++ % 3 === 2 ? 9 : 0.05) }])
  assert.ok(share <= 0.025, `${share}`)
})
