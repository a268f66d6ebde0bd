/** Half-open requests: where they come from, and what the kernel does when there are too many. */
import { whole } from '#common/quantities.ts'
import { acceptQueueSpills, type Evidence, full, listening, moves } from './evidence.ts'
import type { Finding } from './finding.ts'
import { perSecond } from './words.ts'

/** Each shard's SYN queue has its own limit, and the kernel does not show which one is full. */
function fullSynQueue(view: Evidence): string {
  const open = listening(view).length
  const queue = view.portView?.synQueue
  const all = queue !== undefined && queue.length >= queue.limit
  return open > 1 && !all ? 'The SYN queue of a shard is' : 'The SYN queue is'
}

/**
 * Whether clients are known that never answer: they send SYNs now, or most requests had to be told twice. Behind a full
 * accept queue the latter proves nothing: the kernel ignores the final ACKs that meet it.
 */
function neverAnswered({ clients, portView }: Evidence, spills: boolean): boolean {
  const { length = 0, retried = 0 } = portView?.synQueue ?? {}
  return clients.halfOpenPerSecond > 0 || (!spills && length > 0 && retried > length / 2)
}

export const synQueueDrops: Finding = {
  code: 'syn-queue-overflows',
  from: ['counters'],
  beside: true,
  says(view) {
    const dropped = moves(view, 'TCPReqQFullDrop')
    if (dropped === 0) return undefined
    return `${fullSynQueue(view)} full and syncookies are off: the kernel drops ${perSecond(dropped)} SYNs a second (TCPReqQFullDrop, ListenDrops), including those of legitimate clients. tcp_syncookies=1 would let legitimate clients in; a larger backlog holds more half-open requests.`
  },
}

export const alwaysCookies: Finding = {
  code: 'syn-cookies-always',
  from: ['counters'],
  says(view) {
    if (view.sysctls.syncookies !== 2 || moves(view, 'TCPReqQFullDoCookies') === 0 || view.cookiesPerSecond === 0)
      return undefined
    return `tcp_syncookies=2 answers every SYN with a cookie (${perSecond(view.cookiesPerSecond)}/s): no half-open request is ever stored, so the SYN queue stays empty under any load.`
  },
}

export const cookiesHideOverflow: Finding = {
  code: 'syn-cookies-hide-overflow',
  from: ['counters', 'synQueue'],
  beside: true,
  says(view) {
    const { syncookies } = view.sysctls
    if (syncookies === 2 || moves(view, 'TCPReqQFullDoCookies') === 0 || view.cookiesPerSecond === 0) return undefined
    const sent = `sends cookies instead of storing more (${perSecond(view.cookiesPerSecond)}/s)`
    const spills = acceptQueueSpills(view)
    const known = neverAnswered(view, spills)
    if (spills && !known)
      return `${fullSynQueue(view)} full as well, and the kernel ${sent}: SYNs that come again come in bunches, and a final ACK that finds the accept queue full leaves its request half-open.`
    const whose = known ? ' of requests whose clients never answer' : ''
    const quiet = moves(view, 'ListenDrops') > 0 ? 'ListenDrops counts none of this' : 'No counter named Listen… moves'
    return `${fullSynQueue(view)} full${whose}, and the kernel ${sent}. Legitimate clients still get in${spills ? ' where an accept queue has room' : ''}. ${quiet}: watch SyncookiesSent and TCPReqQFullDoCookies.`
  },
}

export const lastQuarterOfSynBacklog: Finding = {
  code: 'syn-backlog-reserved',
  from: ['counters', 'synQueue', 'listeners'],
  says(view) {
    const others = moves(view, 'ListenDrops') - moves(view, 'ListenOverflows') - moves(view, 'TCPReqQFullDrop')
    const queue = view.portView?.synQueue
    if (view.sysctls.syncookies !== 0 || others < 1 || queue === undefined || queue.length === 0) return undefined
    if (listening(view).some(full)) return undefined
    return `The kernel drops ${whole(others)} SYNs a second although no queue is full: with syncookies off it reserves the last quarter of tcp_max_syn_backlog for clients that it has seen before. Only ListenDrops counts this. A larger tcp_max_syn_backlog, or syncookies, would fix this.`
  },
}

function halfOpen(view: Evidence, arriving: boolean): string | undefined {
  const queue = view.portView?.synQueue
  if (queue === undefined || queue.length < 10 || queue.length < queue.limit * 0.1) return undefined
  if (view.clients.halfOpenPerSecond > 0 !== arriving) return undefined
  return `${whole(queue.length)} half-open requests wait for a client's final ACK. The kernel retransmits each SYN-ACK after 1, 3, 7 … seconds and gives up after about a minute, or after 7 s once a queue is more than half full.`
}

/** New ones come. */
export const synQueueFilling: Finding = {
  code: 'half-open-requests',
  from: ['synQueue', 'backends'],
  says: (view) => halfOpen(view, true),
}

/** No client that is known sends more: what is left only waits for its end. */
export const synQueueLeftOver: Finding = {
  code: 'half-open-requests',
  from: ['synQueue'],
  says: (view) => halfOpen(view, false),
}

export const deferredAccept: Finding = {
  code: 'deferred-accept',
  from: ['counters'],
  says(view) {
    const held = moves(view, 'TCPDeferAcceptDrop')
    if (held === 0) return undefined
    return `TCP_DEFER_ACCEPT holds back clients that connect and send nothing: ${perSecond(held)} final ACKs a second are ignored, so these connections count as half-open here while the clients believe they are connected. The listener's drops include them although nothing has overflowed.`
  },
}

export const handshakesByHand: Finding = {
  code: 'handshakes-by-hand',
  from: ['synQueue', 'backends'],
  says(view) {
    const length = view.portView?.synQueue?.length ?? 0
    const byHand = view.loads.some(({ kind, state }) => kind === 'handshake' && state === 'running')
    if (!byHand || length === 0) return undefined
    return `${length === 1 ? 'One request is' : `${whole(length)} requests are`} half-open: the kernel has answered the SYN without the backend and waits for the final ACK; the backend does not know of it yet. Requests are kept in a hash table, so the client whose final ACK comes first is accepted first, in whatever order the SYNs came.`
  },
}
