/**
 * Plain words for what a lab shows: what is happening, why, and what would mend it. One pure function, used wherever a
 * lab is shown. It says the most telling thing it is sure of, and nothing when it does not know.
 */
import type { LabView, ShardView } from './view.ts'

const FULL = 1
const NODE_DEFAULT = 511
const NOBODY_LISTENS =
  'No backend listens: the kernel answers every SYN with a reset, and clients see "connection refused" at once.'

/** One or two sentences, or undefined if there is nothing to say. */
export function explain(view: LabView): string | undefined {
  for (const situation of situations) {
    const words = situation(view)
    if (words !== undefined) return words
  }
  return undefined
}

/** The most telling first. */
const situations: ((view: LabView) => string | undefined)[] = [
  processDown,
  noSourcePortLeft,
  migrated,
  deferredAccept,
  synQueueDrops,
  synQueueCookies,
  lastQuarterOfSynBacklog,
  lastAcksReset,
  lastAcksIgnored,
  moreThanFits,
  everyShardFull,
  someShardsFull,
  overflowsForMoments,
  clampedBacklog,
  filling,
  handshakesByHand,
  synQueueFilling,
  catchingUp,
  peersWithClosedWindows,
  backendsThatDoNotRead,
  listenerClosed,
  somebodyElseListens,
  sentToOneShard,
  oneProcessTakesAll,
  retriesFromBefore,
  closeCall,
]

const listening = (view: LabView): ShardView[] => view.shards.filter((shard) => shard.state === 'listening')
const full = (shard: ShardView): boolean => shard.fill >= FULL
const moves = (view: LabView, name: string): number =>
  view.moved.find((counter) => counter.name === name)?.perSecond ?? 0
const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
const inWords = (count: number): string => numbers[count] ?? String(count)
const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

function names(shards: ShardView[]): string {
  const list = shards.map((shard) => shard.shard)
  if (list.length === 1) return `Shard ${list[0]}`
  return `Shards ${list.slice(0, -1).join(', ')} and ${list.at(-1)}`
}

function processDown(view: LabView): string | undefined {
  const down = view.shards.filter((shard) => shard.state === 'down')
  if (down.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  const [has, waits] = down.length === 1 ? ['is down: its', 'was'] : ['are down: their', 'were']
  return `${names(down)} ${has} queue ended with the process, and whoever waited in it ${waits} reset. The kernel deals new connections to the shards that are left.`
}

/** Each shard's SYN queue has a limit of its own, and the kernel does not tell which one is full. */
function fullSynQueue(view: LabView): string {
  const open = listening(view).length
  const queue = view.portView?.synQueue
  const all = queue !== undefined && queue.length >= queue.limit
  return open > 1 && !all ? 'The SYN queue of a shard is' : 'The SYN queue is'
}

function synQueueDrops(view: LabView): string | undefined {
  const perSecond = moves(view, 'TCPReqQFullDrop')
  if (perSecond === 0) return undefined
  return `${fullSynQueue(view)} full and syncookies are off: the kernel drops ${whole(perSecond)} SYNs a second (TCPReqQFullDrop, ListenDrops), those of honest clients among them. tcp_syncookies=1 would let honest clients in; a larger backlog holds more half-open requests.`
}

function synQueueCookies(view: LabView): string | undefined {
  if (moves(view, 'TCPReqQFullDoCookies') === 0 || view.cookiesPerSecond === 0) return undefined
  if (view.sysctls.syncookies === 2)
    return `tcp_syncookies=2 answers every SYN with a cookie (${whole(view.cookiesPerSecond)}/s): no half-open request is ever stored, so the SYN queue stays empty whatever comes.`
  return `${fullSynQueue(view)} full of requests whose clients never answer, and the kernel sends cookies instead of remembering more (${whole(view.cookiesPerSecond)}/s). Honest clients still get in${moves(view, 'ListenOverflows') > 0 ? ' where an accept queue has room' : ''}. ${moves(view, 'ListenDrops') > 0 ? 'ListenDrops counts none of this' : 'No counter named Listen… moves'}: watch SyncookiesSent and TCPReqQFullDoCookies.`
}

function everyShardFull(view: LabView): string | undefined {
  const open = listening(view)
  if (open.length === 0 || !open.every(full)) return undefined
  const which = open.length === 1 ? 'The accept queue is' : `All ${inWords(open.length)} accept queues are`
  if (open.every((shard) => shard.stalled))
    return `${which} full, since ${open.length === 1 ? 'the backend accepts' : 'the backends accept'} nothing: every new SYN is dropped in silence and sent again after a second. A larger backlog only buys time: ${open.length === 1 ? 'it has' : 'they have'} to accept again.${defaultOfNode(open)}`
  return `${which} full: connections come faster than the backends accept them, and each dropped SYN is sent again after a second. More backends, or less work for each accept, would mend it; a larger backlog only lets clients wait longer.${defaultOfNode(open)}`
}

function someShardsFull(view: LabView): string | undefined {
  const open = listening(view)
  const stuck = open.filter(full)
  if (stuck.length === 0) return undefined
  const state = stuck.length === 1 ? 'is full while its neighbours idle' : 'are full while their neighbours idle'
  const mend = stuck.every((shard) => shard.stalled)
    ? `${stuck.length === 1 ? 'It has' : 'They have'} to accept again; a larger backlog would only delay this.`
    : 'Less work for each accept there would mend it, or more shards.'
  return `${names(stuck)} ${state}: ${plight(view, stuck, open)}. ${choice(view)} ${mend}${defaultOfNode(stuck)}`
}

/** Where a limit is what Node takes by itself, nobody may know that there is one. */
const defaultOfNode = (full: ShardView[]): string =>
  full.every(({ limit }) => limit === NODE_DEFAULT)
    ? ` ${NODE_DEFAULT} is the backlog that Node takes unless told otherwise: listen({ backlog }) sets another.`
    : ''

/** What it is like for the clients. */
function plight({ steering }: LabView, stuck: ShardView[], open: ShardView[]): string {
  const one = stuck.length === 1
  if (!stuck.some((shard) => shard.dropsPerSecond > 0))
    return `the next client that is dealt to ${one ? 'it' : 'them'} will be dropped`
  if (steering.by !== 'hash') return `who is dealt to ${one ? 'it' : 'them'} waits a second and tries again`
  const share =
    one && open.length <= 10 ? `one client in ${inWords(open.length)}` : `${stuck.length} clients of ${open.length}`
  return `${share} ${one ? 'waits a second and tries' : 'wait a second and try'} the same full queue again`
}

/** How the kernel deals connections to shards, and what that means to who met a full one. */
function choice({ steering }: LabView): string {
  switch (steering.by) {
    case 'hash':
      return 'The kernel chooses by the hash of the addresses and never looks at the queue.'
    case 'cpu':
      return 'A program chooses by the CPU that handles the SYN and never looks at the queue.'
    case 'random':
      return 'A program chooses at random: a SYN that is sent again draws again, so most get in at the next try.'
    case 'member':
      return `A program sends every new connection to shard ${steering.member + 1}, and never looks at its queue.`
  }
}

function clampedBacklog(view: LabView): string | undefined {
  const clamped = listening(view).find((shard) => shard.backlog > shard.limit)
  if (clamped === undefined) return undefined
  return `${names([clamped])} asked for a backlog of ${whole(clamped.backlog)} and got ${whole(clamped.limit)}: net.core.somaxconn of this namespace clamps it, in silence. Raise it, then listen() again.`
}

function filling(view: LabView): string | undefined {
  const stalled = listening(view).filter((shard) => shard.stalled)
  const [first] = stalled
  if (first === undefined) return undefined
  const room = Math.max(0, first.limit + 1 - first.length)
  const [accept, queue] = stalled.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(stalled)} ${accept} nothing, and the kernel goes on finishing handshakes into ${queue}. Clients believe they are connected; ${stalled.length === 1 ? `there is room for ${whole(room)} more` : 'soon there is no room left'}.`
}

function synQueueFilling(view: LabView): string | undefined {
  const queue = view.portView?.synQueue
  if (queue === undefined || queue.length < 10 || queue.length < queue.limit * 0.1) return undefined
  return `${whole(queue.length)} half-open requests wait for a client's last ACK. The kernel sends each SYN-ACK again after 1, 3, 7 … seconds and gives up after about a minute, or after 7 s once a queue is more than half full.`
}

function peersWithClosedWindows(view: LabView): string | undefined {
  const port = view.portView
  if (port === undefined || port.zeroWindows === 0) return undefined
  const many = port.zeroWindows > 1
  return `${whole(port.zeroWindows)} ${many ? 'clients have' : 'client has'} closed the window: ${many ? 'they do' : 'it does'} not read, so ${bytes(port.sendBytes)} wait in send queues here. A backend that minds backpressure stops producing; one that does not grows in memory.`
}

function backendsThatDoNotRead(view: LabView): string | undefined {
  const port = view.portView
  if (port === undefined || port.receiveBytes < 65_536) return undefined
  return `${bytes(port.receiveBytes)} wait in receive queues: the backends do not read. When a receive buffer is full the kernel closes that connection's window, and the client has to wait.`
}

function listenerClosed(view: LabView): string | undefined {
  const closed = view.shards.filter((shard) => shard.state === 'closed')
  if (closed.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  const fate =
    view.sysctls.migrateReq === 1 ? 'moved to another shard (tcp_migrate_req=1)' : 'was reset (tcp_migrate_req=0)'
  return `${names(closed)} ${closed.length === 1 ? 'has closed its listener' : 'have closed their listeners'}: the kernel deals new connections to the others. Whoever waited in the queue ${fate}.`
}

function noSourcePortLeft({ loads }: LabView): string | undefined {
  const failed = loads
    .filter(({ state }) => state === 'running')
    .reduce((sum, { outcomes }) => sum + outcomes.noPortLeft, 0)
  if (failed === 0) return undefined
  return `${whole(failed)} connects found no source port left (EADDRNOTAVAIL): all ports of this client's address toward this server are open or in TIME_WAIT, and no SYN was sent. Kept connections, more addresses or a wider ip_local_port_range would mend it; the server has no part in it.`
}

function migrated(view: LabView): string | undefined {
  const [moved, lost] = [moves(view, 'TCPMigrateReqSuccess'), moves(view, 'TCPMigrateReqFailure')]
  if (moved === 0 && lost === 0) return undefined
  const gone = lost === 0 ? '' : ` ${whole(lost)} a second could not be moved (TCPMigrateReqFailure).`
  if (moved === 0) return `A listener was closed, and who waited there found no shard with room:${gone}`
  return `A listener was closed, and who waited there moved to the shards that are left (tcp_migrate_req=1): ${whole(moved)} a second.${gone} Finished connections move without a look at the limit, so a queue may hold more than fits.`
}

function deferredAccept(view: LabView): string | undefined {
  const held = moves(view, 'TCPDeferAcceptDrop')
  if (held === 0) return undefined
  return `TCP_DEFER_ACCEPT holds back clients that connect and say nothing: ${whole(held)} last ACKs a second are ignored, so they count as half-open here while the clients believe they are connected. The listener's drops count them although nothing has overflowed.`
}

function lastQuarterOfSynBacklog(view: LabView): string | undefined {
  const others = moves(view, 'ListenDrops') - moves(view, 'ListenOverflows')
  const queue = view.portView?.synQueue
  if (view.sysctls.syncookies !== 0 || others < 1 || queue === undefined || queue.length === 0) return undefined
  if (listening(view).some(full)) return undefined
  return `The kernel drops ${whole(others)} SYNs a second although no queue is full: with syncookies off it keeps the last quarter of tcp_max_syn_backlog for clients that it has met before. ListenDrops alone counts this. A larger tcp_max_syn_backlog, or syncookies, would mend it.`
}

function lastAcksReset(view: LabView): string | undefined {
  const resets = moves(view, 'EmbryonicRsts')
  if (view.sysctls.abortOnOverflow !== 1 || resets === 0 || moves(view, 'ListenOverflows') === 0) return undefined
  return `${whole(resets)} clients a second are reset: their last ACK met a full accept queue, and tcp_abort_on_overflow=1 says so at once ("connection reset") instead of letting them try again. A SYN that meets a full queue is still dropped in silence.`
}

/** Fewer than this may be a race at the brim: not worth leaving the plainer words for. */
const IGNORED_LAST_ACKS = 5

function lastAcksIgnored(view: LabView): string | undefined {
  const halfOpen = view.portView?.synQueue.length ?? 0
  const overflows = moves(view, 'ListenOverflows') > 0 && listening(view).some(full)
  if (!overflows || halfOpen < IGNORED_LAST_ACKS || view.clients.halfOpenPerSecond > 0) return undefined
  return `${whole(halfOpen)} clients believe they are connected and are not: their last ACK met a full accept queue and was ignored, so the request stays half-open and the SYN-ACK is sent again. What they write is ignored too. Room in the queue lets them in at the next try; after a minute the kernel forgets them in silence.`
}

function overflowsForMoments(view: LabView): string | undefined {
  if (moves(view, 'ListenOverflows') === 0) return undefined
  const brief = listening(view).filter((shard) => shard.dropsPerSecond > 0 && !full(shard) && !shard.stalled)
  const [first] = brief
  if (first === undefined) return undefined
  const slow = brief.some((shard) => shard.faults.some((fault) => fault.endsWith('an accept')))
  const mend = slow
    ? 'Accepting takes too long for what comes: less work for each accept, or more shards.'
    : 'Bursts are larger than its backlog: a larger one lets them in, at the price of a short wait.'
  return `${names(brief)} ${brief.length === 1 ? 'overflows' : 'overflow'} for moments, and ${brief.length === 1 ? 'is' : 'are'} not full now: whoever came in such a moment pays a second. ${mend}`
}

function moreThanFits(view: LabView): string | undefined {
  // Handshakes that finish at the same time overshoot by one or two: nothing to speak of.
  const over = listening(view).find((shard) => shard.length > shard.limit + 3 && shard.dropsPerSecond === 0)
  if (over === undefined) return undefined
  return `Shard ${over.shard} holds ${whole(over.length)} connections although only ${whole(over.limit + 1)} fit: a lower backlog sends nobody away, and what migrates from a closed shard is let in without a look. Nobody new gets in until it is below.`
}

function handshakesByHand(view: LabView): string | undefined {
  const halfOpen = view.portView?.synQueue.length ?? 0
  const byHand = view.loads.some(({ kind, state }) => kind === 'handshake' && state === 'running')
  if (!byHand || halfOpen === 0) return undefined
  return `${halfOpen === 1 ? 'One request is' : `${whole(halfOpen)} requests are`} half-open: the kernel has answered the SYN by itself and waits for the last ACK; the backend knows nothing yet. Requests lie in a hash table, so whoever sends the last ACK first is accepted first, whoever sent the SYN first.`
}

/** A wait from which people notice it. */
const LONG_WAIT_MS = 500

function catchingUp(view: LabView): string | undefined {
  const waited = listening(view).filter(
    ({ acceptWait, stalled }) => !stalled && acceptWait !== undefined && acceptWait.p99Ms >= LONG_WAIT_MS,
  )
  if (waited.length === 0) return undefined
  const longest = Math.max(...waited.map(({ acceptWait }) => acceptWait?.p99Ms ?? 0))
  const [accepts, its] = waited.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(waited)} ${accepts} clients that have waited ${(longest / 1000).toFixed(1)} s in ${its}, believing they were connected. No counter of the kernel tells of that: only the accept wait does.`
}

function somebodyElseListens(view: LabView): string | undefined {
  const strangers = listening(view).filter(({ processes }) => processes.length === 0)
  const known = listening(view).some(({ processes }) => processes.length > 0)
  if (strangers.length === 0 || !known) return undefined
  const [belongs, takes] = strangers.length === 1 ? ['belongs', 'takes its'] : ['belong', 'take their']
  return `${names(strangers)} ${belongs} to no backend: another process of the same user listens on this port with SO_REUSEPORT and ${takes} share of the clients.`
}

function sentToOneShard(view: LabView): string | undefined {
  const { steering, clients } = view
  if (steering.by !== 'member' || listening(view).length < 2 || clients.startedPerSecond === 0) return undefined
  return `A program sends every new connection to shard ${steering.member + 1}; the others get none, whatever their queues.`
}

function oneProcessTakesAll(view: LabView): string | undefined {
  for (const { processes } of listening(view)) {
    const rates = processes.map(({ acceptsPerSecond }) => acceptsPerSecond)
    const all = rates.reduce((sum, rate) => sum + rate, 0)
    const most = Math.max(0, ...rates)
    if (processes.length < 2 || all < 20 || most < all * 0.9 || processes.some(({ stalled }) => stalled)) continue
    return `One queue, ${inWords(processes.length)} processes, and process ${rates.indexOf(most) + 1} takes nearly all: the kernel wakes every process that waits, and whoever calls accept() first has the connection. The others get their turn when it is busy.`
  }
  return undefined
}

function retriesFromBefore(view: LabView): string | undefined {
  const { clients, shards } = view
  if (clients.synRetransmitsPerSecond < 1 || shards.some(({ dropsPerSecond }) => dropsPerSecond > 0)) return undefined
  return `${whole(clients.synRetransmitsPerSecond)} SYNs a second are sent again by clients that were dropped before: nobody is dropped now, but they come back only 1, 2, 3, 4, 5, 7 … seconds after their first SYN, so connecting took that long.`
}

function closeCall(view: LabView): string | undefined {
  const near = listening(view).filter((shard) => shard.peak >= (shard.limit + 1) * 0.8)
  const [first] = near
  if (first === undefined) return undefined
  const [was, its] = near.length === 1 ? ['was', 'its peak is'] : ['were', 'the highest peak is']
  const worst = near.reduce((a, b) => (b.peak / (b.limit + 1) > a.peak / (a.limit + 1) ? b : a))
  const full = worst.peak > worst.limit
  return `${names(near)} ${was} ${full ? 'full' : 'nearly full'} within the last 30 s: ${its} ${whole(worst.peak)} of ${whole(worst.limit + 1)}. ${full ? 'Whoever came then was dropped; a' : 'A'} longer burst or stall needs a larger backlog, or more shards.`
}

/** Bytes with a decimal unit: 63 kB. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let value = count
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
