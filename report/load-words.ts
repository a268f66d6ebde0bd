import type { LoadOrder } from '#lab/clients.ts'
import type { Outcomes } from '#load/agent/api.ts'
import { counted, duration, inWords } from './quantities.ts'

/** A load as it was asked for, in words. */
export function orderInWords(order: LoadOrder): string {
  switch (order.kind) {
    case 'connections':
      return `${arrivalsInWords(order.arrivals)}${order.path === undefined ? '' : `, ${order.path}`}`
    case 'half-open': {
      const syns = order.maxSyns === undefined ? 'SYNs' : counted(order.maxSyns, 'SYN')
      return `${syns} that nobody follows up${order.ratePerSecond === undefined ? '' : `, ${inWords(order.ratePerSecond)} a second`}`
    }
    case 'hold':
      return `${counted(order.connections, 'connection')} that stay silent`
    case 'slow-read':
      return `${counted(order.connections, 'client')} ask for ${inWords(order.responseBytes, 'bytes')} and read ${inWords(order.bytesPerSecond, 'bytes')} a second`
    case 'slow-write':
      return `${counted(order.connections, 'client')} send ${inWords(order.bodyBytes, 'bytes')}, ${order.bytesPerSecond === undefined ? 'as fast as the kernel takes them' : `${inWords(order.bytesPerSecond, 'bytes')} a second`}`
    case 'handshake':
      return `${counted(order.connections, 'handshake')} by hand`
  }
}

type Arrivals = Extract<LoadOrder, { kind: 'connections' }>['arrivals']

function arrivalsInWords(arrivals: Arrivals): string {
  if (arrivals.shape === 'burst') return `${counted(arrivals.connections, 'connection')} at once`
  if (arrivals.shape === 'trace') return `${counted(arrivals.atMs.length, 'connection')} as recorded`
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
