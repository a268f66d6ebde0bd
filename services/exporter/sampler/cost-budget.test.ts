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
