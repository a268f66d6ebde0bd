/** Final ACKs that met a full accept queue. */
import { whole } from '#common/quantities.ts'
import { type Evidence, full, listening, moves } from './evidence.ts'

export function lastAcksReset(view: Evidence): string | undefined {
  const resets = moves(view, 'EmbryonicRsts')
  if (view.sysctls.abortOnOverflow !== 1 || resets === 0 || moves(view, 'ListenOverflows') === 0) return undefined
  return `${whole(resets)} clients a second are reset: their final ACK met a full accept queue, and tcp_abort_on_overflow=1 resets them at once ("connection reset") instead of letting them try again. A SYN that meets a full queue is still silently dropped.`
}

/** Fewer than this may be a race at the limit: then the plainer words of a full queue say enough. */
const IGNORED_LAST_ACKS = 5

export function lastAcksIgnored(view: Evidence): string | undefined {
  const halfOpen = view.portView?.synQueue?.length ?? 0
  const overflows = moves(view, 'ListenOverflows') > 0 && listening(view).some(full)
  if (!overflows || halfOpen < IGNORED_LAST_ACKS || view.clients.halfOpenPerSecond > 0) return undefined
  return `${whole(halfOpen)} clients believe they are connected but are not: their final ACK met a full accept queue and was ignored, so the request stays half-open and the kernel retransmits the SYN-ACK. Data that they send is ignored too. Once the queue has room, the next retransmit lets them in; after a minute the kernel silently discards the request.`
}
