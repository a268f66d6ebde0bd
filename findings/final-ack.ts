/** Final ACKs that met a full accept queue. */
import { whole } from '#common/quantities.ts'
import { type Evidence, full, listening, moves } from './evidence.ts'

export function lastAcksReset(view: Evidence): string | undefined {
  const resets = moves(view, 'EmbryonicRsts')
  if (view.sysctls.abortOnOverflow !== 1 || resets === 0 || moves(view, 'ListenOverflows') === 0) return undefined
  return `${whole(resets)} clients a second are reset: their last ACK met a full accept queue, and tcp_abort_on_overflow=1 says so at once ("connection reset") instead of letting them try again. A SYN that meets a full queue is still dropped in silence.`
}

/** Fewer than this may be a race at the brim: not worth leaving the plainer words for. */
const IGNORED_LAST_ACKS = 5

export function lastAcksIgnored(view: Evidence): string | undefined {
  const halfOpen = view.portView?.synQueue.length ?? 0
  const overflows = moves(view, 'ListenOverflows') > 0 && listening(view).some(full)
  if (!overflows || halfOpen < IGNORED_LAST_ACKS || view.clients.halfOpenPerSecond > 0) return undefined
  return `${whole(halfOpen)} clients believe they are connected and are not: their last ACK met a full accept queue and was ignored, so the request stays half-open and the SYN-ACK is sent again. What they write is ignored too. Room in the queue lets them in at the next try; after a minute the kernel forgets them in silence.`
}
