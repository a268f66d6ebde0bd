import assert from 'node:assert/strict'
import test from 'node:test'
import { BudgetedWork, CostBudget } from './cost-budget.ts'

/** Does the work whenever it is due, on a clock of its own; gives the share of the time that it took after the first half. */
function shareTaken(budget: CostBudget, works: { work: BudgetedWork; costMs: (nowMs: number) => number }[]): number {
  const endMs = 600_000
  const due = works.map(() => 0)
  let spentMs = 0
  let nowMs = 0
  while (nowMs < endMs) {
    const next = due.indexOf(Math.min(...due))
    nowMs = Math.max(nowMs, due[next]!)
    const { work, costMs } = works[next]!
    const cost = costMs(nowMs)
    budget.observe(work, cost)
    if (nowMs > endMs / 2) spentMs += cost
    due[next] = nowMs + budget.intervalMs(work)
    nowMs += cost
  }
  return spentMs / (endMs / 2)
}

test('cheap work runs at the interval that was asked for', () => {
  const budget = new CostBudget(0.02)
  const syn = new BudgetedWork(100)
  const connections = new BudgetedWork(1000)
  shareTaken(budget, [
    { work: syn, costMs: () => 0.3 },
    { work: connections, costMs: () => 5 },
  ])
  assert.equal(budget.intervalMs(syn), 100)
  assert.equal(budget.intervalMs(connections), 1000)
})

test('dear work is stretched until all of it together stays under the budget', () => {
  const budget = new CostBudget(0.02)
  const syn = new BudgetedWork(100)
  const connections = new BudgetedWork(1000)
  const share = shareTaken(budget, [
    { work: syn, costMs: () => 7 },
    { work: connections, costMs: () => 90 },
  ])
  assert.ok(share < 0.0205, `${share}`)
  assert.ok(share > 0.0195, `not stretched more than needed: ${share}`)
  assert.ok(Math.abs(budget.intervalMs(connections) / budget.intervalMs(syn) - 10) < 1e-9, 'both alike')
})

test('one interrupted dump does not stretch the intervals for long', () => {
  const budget = new CostBudget(0.02)
  const connections = new BudgetedWork(1000)
  for (let i = 0; i < 50; i++) budget.observe(connections, 15)
  budget.observe(connections, 5000)
  assert.ok(budget.intervalMs(connections) < 1500, `${budget.intervalMs(connections)}`)
})

test('cost that has really grown is followed', () => {
  const budget = new CostBudget(0.02)
  const connections = new BudgetedWork(1000)
  const share = shareTaken(budget, [{ work: connections, costMs: (nowMs) => (nowMs < 60_000 ? 0.01 : 200) }])
  assert.ok(share <= 0.021, `${share}`)
})

test('work that is no longer done gives its share back', () => {
  const budget = new CostBudget(0.01)
  const [kept, gone] = [new BudgetedWork(100), new BudgetedWork(100)]
  budget.observe(kept, 1)
  budget.observe(gone, 9)
  assert.ok(Math.abs(budget.intervalMs(kept) - 1000) < 1e-6)
  budget.release(gone)
  assert.ok(Math.abs(budget.intervalMs(kept) - 100) < 1e-6)
})
