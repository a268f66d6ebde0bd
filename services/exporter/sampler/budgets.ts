import { CostBudget } from './cost-budget.ts'
import type { DumpKind } from './message.ts'
import type { SamplingPace } from './pace.ts'

/** Listeners of quiet namespaces take no more than this share of a core, but are read once a second at least. */
const QUIET_SHARE = 0.02
const QUIET_CEILING_MS = 1000

/** What each kind of reading may cost, over all namespaces. */
export interface Budgets extends Record<Exclude<DumpKind, 'listeners'>, CostBudget> {
  /** For the listeners of all quiet namespaces together: a host may have hundreds. */
  quietListeners: CostBudget
}

/** Counters are cheap, and record what no sample sees. However expensive a kind is, it gets no older than its ceiling. */
export const budgetsFor = ({ cpuShare }: SamplingPace): Budgets => ({
  quietListeners: new CostBudget(QUIET_SHARE, QUIET_CEILING_MS),
  counters: new CostBudget(cpuShare * 0.3, 1000),
  syn_queue: new CostBudget(cpuShare * 0.3, 5000),
  connections: new CostBudget(cpuShare * 0.15, 15_000),
  outgoing: new CostBudget(cpuShare * 0.05, 60_000),
  unix: new CostBudget(cpuShare * 0.1, 1000),
  udp: new CostBudget(cpuShare * 0.05, 5000),
  limits: new CostBudget(cpuShare * 0.05, 15_000),
})
