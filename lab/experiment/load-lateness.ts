/** How late the clients of a load were. */
import type { LoadReport } from '#load/agent/api.ts'
import type { LoadOrder } from '../clients.ts'
import type { Late } from './lateness.ts'

/** One in a hundred arrivals of a paced load may be later; a burst has no pace, and its last connection is as late as it is. */
export function latenessOf(order: LoadOrder, { scheduleLagMs, clientLagMs }: LoadReport): Omit<Late, 'phase'>[] {
  const paced = order.kind === 'connections' && order.arrivals.shape !== 'burst'
  return [
    ...(paced && scheduleLagMs.count > 0 ? [{ what: 'arrivals', lateMs: scheduleLagMs.p99 } as const] : []),
    ...(clientLagMs === undefined ? [] : [{ what: 'clients', lateMs: clientLagMs } as const]),
  ]
}
