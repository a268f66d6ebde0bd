/** Final ACKs that met a full accept queue. */
import { whole } from '#common/quantities.ts'
import { full, listening, moves } from './evidence.ts'
import type { Finding } from './finding.ts'
import { perSecond } from './words.ts'

export const lastAcksReset: Finding = {
  code: 'final-acks-reset',
  from: ['counters'],
  beside: true,
  says(view) {
    const resets = moves(view, 'EmbryonicRsts')
    if (view.sysctls.abortOnOverflow !== 1 || resets === 0 || moves(view, 'ListenOverflows') === 0) return undefined
    return `${perSecond(resets)} clients a second are reset: their final ACK met a full accept queue, and tcp_abort_on_overflow=1 resets them at once ("connection reset") instead of letting them try again. A SYN that meets a full queue is still silently dropped.`
  },
}

/** Fewer than this may be a race at the limit: then the plainer words of a full queue say enough. */
const IGNORED_LAST_ACKS = 5

export const lastAcksIgnored: Finding = {
  code: 'final-acks-ignored',
  from: ['listeners', 'counters', 'synQueue'],
  beside: true,
  says(view) {
    const halfOpen = view.portView?.synQueue?.length ?? 0
    const overflows = moves(view, 'ListenOverflows') > 0 && listening(view).some(full)
    // Requests of clients that never answer would be counted with them.
    const ignored = overflows && halfOpen >= IGNORED_LAST_ACKS && view.clients.halfOpenPerSecond === 0
    if (!ignored || view.sysctls.abortOnOverflow === 1 || moves(view, 'TCPDeferAcceptDrop') > 0) return undefined
    return `${whole(halfOpen)} requests are half-open beside it: where a final ACK met the full queue it was ignored, so that client believes it is connected and is not. The kernel retransmits the SYN-ACK, and once the queue has room the next one lets the client in; after a minute the request is silently discarded.`
  },
}
