/** Half-open requests: where they come from, and what the kernel does when there are too many. */
import { whole } from '#common/quantities.ts'
import { type Evidence, full, listening, moves } from './evidence.ts'

/** Each shard's SYN queue has its own limit, and the kernel does not show which one is full. */
function fullSynQueue(view: Evidence): string {
  const open = listening(view).length
  const queue = view.portView?.synQueue
  const all = queue !== undefined && queue.length >= queue.limit
  return open > 1 && !all ? 'The SYN queue of a shard is' : 'The SYN queue is'
}

export function synQueueDrops(view: Evidence): string | undefined {
  const perSecond = moves(view, 'TCPReqQFullDrop')
  if (perSecond === 0) return undefined
  return `${fullSynQueue(view)} full and syncookies are off: the kernel drops ${whole(perSecond)} SYNs a second (TCPReqQFullDrop, ListenDrops), including those of legitimate clients. tcp_syncookies=1 would let legitimate clients in; a larger backlog holds more half-open requests.`
}

export function synQueueCookies(view: Evidence): string | undefined {
  if (moves(view, 'TCPReqQFullDoCookies') === 0 || view.cookiesPerSecond === 0) return undefined
  if (view.sysctls.syncookies === 2)
    return `tcp_syncookies=2 answers every SYN with a cookie (${whole(view.cookiesPerSecond)}/s): no half-open request is ever stored, so the SYN queue stays empty under any load.`
  return `${fullSynQueue(view)} full of requests whose clients never answer, and the kernel sends cookies instead of storing more (${whole(view.cookiesPerSecond)}/s). Legitimate clients still get in${moves(view, 'ListenOverflows') > 0 ? ' where an accept queue has room' : ''}. ${moves(view, 'ListenDrops') > 0 ? 'ListenDrops counts none of this' : 'No counter named Listen… moves'}: watch SyncookiesSent and TCPReqQFullDoCookies.`
}

export function lastQuarterOfSynBacklog(view: Evidence): string | undefined {
  const others = moves(view, 'ListenDrops') - moves(view, 'ListenOverflows')
  const queue = view.portView?.synQueue
  if (view.sysctls.syncookies !== 0 || others < 1 || queue === undefined || queue.length === 0) return undefined
  if (listening(view).some(full)) return undefined
  return `The kernel drops ${whole(others)} SYNs a second although no queue is full: with syncookies off it reserves the last quarter of tcp_max_syn_backlog for clients that it has seen before. Only ListenDrops counts this. A larger tcp_max_syn_backlog, or syncookies, would fix this.`
}

export function synQueueFilling(view: Evidence): string | undefined {
  const queue = view.portView?.synQueue
  if (queue === undefined || queue.length < 10 || queue.length < queue.limit * 0.1) return undefined
  return `${whole(queue.length)} half-open requests wait for a client's final ACK. The kernel retransmits each SYN-ACK after 1, 3, 7 … seconds and gives up after about a minute, or after 7 s once a queue is more than half full.`
}

export function deferredAccept(view: Evidence): string | undefined {
  const held = moves(view, 'TCPDeferAcceptDrop')
  if (held === 0) return undefined
  return `TCP_DEFER_ACCEPT holds back clients that connect and send nothing: ${whole(held)} final ACKs a second are ignored, so these connections count as half-open here while the clients believe they are connected. The listener's drops include them although nothing has overflowed.`
}

export function handshakesByHand(view: Evidence): string | undefined {
  const halfOpen = view.portView?.synQueue?.length ?? 0
  const byHand = view.loads.some(({ kind, state }) => kind === 'handshake' && state === 'running')
  if (!byHand || halfOpen === 0) return undefined
  return `${halfOpen === 1 ? 'One request is' : `${whole(halfOpen)} requests are`} half-open: the kernel has answered the SYN without the backend and waits for the final ACK; the backend does not know of it yet. Requests are kept in a hash table, so the client whose final ACK comes first is accepted first, in whatever order the SYNs came.`
}
