import { monotonicMs } from '#common/clock.ts'
import { CostBudget } from './cost-budget.ts'
import type { DumpKind } from './message.ts'
import type { SamplingPace } from './pace.ts'
import { SavedBudget } from './saved-budget.ts'

/** Listeners of quiet namespaces take no more than this share of a core, but are read once a second at least. */
const QUIET_SHARE = 0.015
const QUIET_CEILING_MS = 1000

/** However expensive a kind is, it is read this often at least. Counters are cheap, and record what no sample sees. */
export const ceilingsMs = {
  counters: 1000,
  syn_queue: 5000,
  connections: 15_000,
  outgoing: 60_000,
  unix: 1000,
  udp: 5000,
  limits: 15_000,
} as const satisfies Record<Exclude<DumpKind, 'listeners'>, number>

/** What each kind of reading may cost, over all namespaces. */
export interface Budgets extends Record<Exclude<DumpKind, 'listeners'>, CostBudget> {
  /** For the listeners of all quiet namespaces together: a host may have hundreds. */
  quietListeners: CostBudget
  /** For the others; undefined where they are read as often as asked, whatever that costs. */
  listeners: SavedBudget | undefined
}

export const budgetsFor = ({ cpuShare, listenersShare }: SamplingPace, clock = monotonicMs): Budgets => {
  const budget = (kind: keyof typeof ceilingsMs, part: number): CostBudget =>
    new CostBudget(cpuShare * part, ceilingsMs[kind])
  return {
    quietListeners: new CostBudget(QUIET_SHARE, QUIET_CEILING_MS),
    listeners: listenersShare === undefined ? undefined : new SavedBudget(listenersShare, QUIET_CEILING_MS, clock),
    counters: budget('counters', 0.3),
    syn_queue: budget('syn_queue', 0.3),
    connections: budget('connections', 0.15),
    outgoing: budget('outgoing', 0.05),
    unix: budget('unix', 0.1),
    udp: budget('udp', 0.05),
    limits: budget('limits', 0.05),
  }
}
