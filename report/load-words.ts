import { plural } from '#common/quantities.ts'
import type { LoadOrder } from '#lab/clients.ts'
import type { Outcomes } from '#load/agent/api.ts'
import { duration, inWords } from './quantities.ts'

/** A load as it was ordered, in words. */
export function orderInWords(order: LoadOrder): string {
  switch (order.kind) {
    case 'connections':
      return `${arrivalsInWords(order.arrivals)}${order.path === undefined ? '' : `, ${order.path}`}`
    case 'half-open': {
      const syns = order.maxSyns === undefined ? 'SYNs' : plural(order.maxSyns, 'SYN')
      return `${syns} that are never acknowledged${order.ratePerSecond === undefined ? '' : `, ${inWords(order.ratePerSecond)} a second`}`
    }
    case 'hold':
      return `${plural(order.connections, 'connection')} that send nothing`
    case 'slow-read':
      return `${plural(order.connections, 'client')} request ${inWords(order.responseBytes, 'bytes')} and read ${inWords(order.bytesPerSecond, 'bytes')} a second`
    case 'slow-write':
      return `${plural(order.connections, 'client')} send ${inWords(order.bodyBytes, 'bytes')}, ${order.bytesPerSecond === undefined ? 'as fast as the kernel accepts them' : `${inWords(order.bytesPerSecond, 'bytes')} a second`}`
    case 'handshake':
      return `${plural(order.connections, 'handshake')} by hand`
  }
}

type Arrivals = Extract<LoadOrder, { kind: 'connections' }>['arrivals']

function arrivalsInWords(arrivals: Arrivals): string {
  if (arrivals.shape === 'burst') return `${plural(arrivals.connections, 'connection')} at once`
  if (arrivals.shape === 'trace') return `${plural(arrivals.atMs.length, 'connection')} as recorded`
  const time = arrivals.durationMs === undefined ? '' : ` for ${duration(arrivals.durationMs)}`
  const manner = arrivals.shape === 'poisson' ? ', as a Poisson process' : ''
  return `${inWords(arrivals.ratePerSecond)} connections a second${time}${manner}`
}

export const outcomeWords: Record<keyof Outcomes, string> = {
  ok: 'ok',
  refused: 'refused',
  reset: 'reset',
  timedOut: 'timed out',
  noPortLeft: 'had no port left',
  closedEarly: 'closed early',
  failed: 'failed',
  abandoned: 'abandoned',
}
