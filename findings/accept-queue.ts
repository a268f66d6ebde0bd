/** What stands in the accept queues: full, filling, over the limit, or full within the last 30 s. */
import { duration, whole } from '#common/quantities.ts'
import { type Evidence, full, listening, moves, type ShardEvidence } from './evidence.ts'
import { inWords, names } from './words.ts'

const NODE_DEFAULT = 511

export function everyShardFull(view: Evidence): string | undefined {
  const open = listening(view)
  if (open.length === 0 || !open.every(full)) return undefined
  const which = open.length === 1 ? 'The accept queue is' : `All ${inWords(open.length)} accept queues are`
  if (open.every((shard) => shard.stalled))
    return `${which} full because ${open.length === 1 ? 'the backend accepts' : 'the backends accept'} no connections: every new SYN is silently dropped, and its client retransmits it after a second. A larger backlog only buys time: ${open.length === 1 ? 'the backend has' : 'the backends have'} to accept again.${defaultOfNode(open)}`
  return `${which} full: connections arrive faster than the backends accept them, and each dropped SYN is retransmitted after a second. More backends, or less work per accept, would fix this; a larger backlog only makes clients wait longer.${defaultOfNode(open)}`
}

export function someShardsFull(view: Evidence): string | undefined {
  const open = listening(view)
  const stuck = open.filter(full)
  if (stuck.length === 0) return undefined
  const state = stuck.length === 1 ? 'is full while its neighbours idle' : 'are full while their neighbours idle'
  const mend = stuck.every((shard) => shard.stalled)
    ? `${stuck.length === 1 ? 'It has' : 'They have'} to accept again; a larger backlog would only delay this.`
    : 'Less work per accept there, or more shards, would fix this.'
  return `${names(stuck)} ${state}: ${plight(view, stuck, open)}. ${choice(view)} ${mend}${defaultOfNode(stuck)}`
}

/** A limit that is Node's default may be one that nobody has chosen, or knows of. */
const defaultOfNode = (full: ShardEvidence[]): string =>
  full.every(({ limit }) => limit === NODE_DEFAULT)
    ? ` ${NODE_DEFAULT} is Node's default backlog: set another one with listen({ backlog }).`
    : ''

/** What the clients experience. */
function plight({ steering }: Evidence, stuck: ShardEvidence[], open: ShardEvidence[]): string {
  const one = stuck.length === 1
  if (!stuck.some((shard) => shard.dropsPerSecond > 0))
    return `the next SYN assigned to ${one ? 'it' : 'them'} will be dropped`
  if (steering.by !== 'hash') return `a client assigned to ${one ? 'it' : 'them'} waits a second and tries again`
  const share =
    one && open.length <= 10 ? `one client in ${inWords(open.length)}` : `${stuck.length} clients of ${open.length}`
  return `${share} ${one ? 'waits a second and tries' : 'wait a second and try'} the same full queue again`
}

/** How the kernel chooses a shard for each connection, and what that means for a client that met a full one. */
function choice({ steering }: Evidence): string {
  switch (steering.by) {
    case 'hash':
      return 'The kernel chooses by the hash of the addresses and never looks at the queue.'
    case 'cpu':
      return 'A program chooses by the CPU that handles the SYN and never looks at the queue.'
    case 'random':
      return 'A program chooses at random, and chooses anew for a retransmitted SYN, so most clients get in at the next try.'
    case 'member':
      return `A program sends every new connection to shard ${steering.member + 1}, and never looks at its queue.`
  }
}

export function overflowsForMoments(view: Evidence): string | undefined {
  if (moves(view, 'ListenOverflows') === 0) return undefined
  const brief = listening(view).filter((shard) => shard.dropsPerSecond > 0 && !full(shard) && !shard.stalled)
  const [first] = brief
  if (first === undefined) return undefined
  const slow = brief.some((shard) => shard.faults.some((fault) => fault.endsWith('per accept')))
  const mend = slow
    ? 'Accepting takes too long for this load: less work per accept, or more shards, would help.'
    : 'Bursts are larger than the backlog: a larger one would hold them, at the cost of a short wait.'
  return `${names(brief)} ${brief.length === 1 ? 'overflows' : 'overflow'} briefly, and ${brief.length === 1 ? 'is' : 'are'} not full now: each client whose SYN was dropped waits a second. ${mend}`
}

export function moreThanFits(view: Evidence): string | undefined {
  // Handshakes that finish at the same time overshoot by one or two, which is normal.
  const over = listening(view).find((shard) => shard.length > shard.limit + 3 && shard.dropsPerSecond === 0)
  if (over === undefined) return undefined
  return `Shard ${over.shard} holds ${whole(over.length)} connections although only ${whole(over.limit + 1)} fit: lowering a backlog removes no connection, and those that migrate from a closed shard are added without a check of the limit. New connections get in only once fewer than ${whole(over.limit + 1)} wait.`
}

export function clampedBacklog(view: Evidence): string | undefined {
  const clamped = listening(view).find((shard) => shard.backlog > shard.limit)
  if (clamped === undefined) return undefined
  return `${names([clamped])} asked for a backlog of ${whole(clamped.backlog)} and got ${whole(clamped.limit)}: net.core.somaxconn of this namespace silently clamps it. Raise it, then call listen() again.`
}

export function filling(view: Evidence): string | undefined {
  const stalled = listening(view).filter((shard) => shard.stalled)
  const [first] = stalled
  if (first === undefined) return undefined
  const room = Math.max(0, first.limit + 1 - first.length)
  const [accept, queue] = stalled.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(stalled)} ${accept} no connections, but the kernel continues to complete handshakes and fills ${queue}. Clients believe they are connected; ${stalled.length === 1 ? `there is room for ${whole(room)} more` : 'soon there will be no room left'}.`
}

/** A wait that people notice. */
const LONG_WAIT_MS = 500

export function catchingUp(view: Evidence): string | undefined {
  const waited = listening(view).filter(
    ({ acceptWait, stalled }) => !stalled && acceptWait !== undefined && acceptWait.p99Ms >= LONG_WAIT_MS,
  )
  if (waited.length === 0) return undefined
  const longest = Math.max(...waited.map(({ acceptWait }) => acceptWait?.p99Ms ?? 0))
  const [accepts, its] = waited.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(waited)} ${accepts} clients that have waited ${duration(longest)} in ${its}, believing they were connected. No kernel counter shows this: only the accept wait does.`
}

export function retriesFromBefore(view: Evidence): string | undefined {
  const { clients, shards } = view
  if (clients.synRetransmitsPerSecond < 1 || shards.some(({ dropsPerSecond }) => dropsPerSecond > 0)) return undefined
  return `${whole(clients.synRetransmitsPerSecond)} SYNs a second are retransmitted by clients whose SYNs were dropped before: none is dropped now, but clients retry only 1, 2, 3, 4, 5, 7 … seconds after their first SYN, so connecting took that long.`
}

export function closeCall(view: Evidence): string | undefined {
  const near = listening(view).filter((shard) => shard.peak >= (shard.limit + 1) * 0.8)
  const [first] = near
  if (first === undefined) return undefined
  const [was, its] = near.length === 1 ? ['was', 'its peak is'] : ['were', 'the highest peak is']
  const worst = near.reduce((a, b) => (b.peak / (b.limit + 1) > a.peak / (a.limit + 1) ? b : a))
  const full = worst.peak > worst.limit
  return `${names(near)} ${was} ${full ? 'full' : 'nearly full'} within the last 30 s: ${its} ${whole(worst.peak)} of ${whole(worst.limit + 1)}. ${full ? 'SYNs that arrived then were dropped; a' : 'A'} longer burst or stall needs a larger backlog, or more shards.`
}
