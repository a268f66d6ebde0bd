/** What stands in the accept queues: full, filling, over the brim, or full a moment ago. */
import { duration, whole } from '#common/quantities.ts'
import { type Evidence, full, listening, moves, type ShardEvidence } from './evidence.ts'
import { inWords, names } from './words.ts'

const NODE_DEFAULT = 511

export function everyShardFull(view: Evidence): string | undefined {
  const open = listening(view)
  if (open.length === 0 || !open.every(full)) return undefined
  const which = open.length === 1 ? 'The accept queue is' : `All ${inWords(open.length)} accept queues are`
  if (open.every((shard) => shard.stalled))
    return `${which} full, since ${open.length === 1 ? 'the backend accepts' : 'the backends accept'} nothing: every new SYN is dropped in silence and sent again after a second. A larger backlog only buys time: ${open.length === 1 ? 'it has' : 'they have'} to accept again.${defaultOfNode(open)}`
  return `${which} full: connections come faster than the backends accept them, and each dropped SYN is sent again after a second. More backends, or less work for each accept, would mend it; a larger backlog only lets clients wait longer.${defaultOfNode(open)}`
}

export function someShardsFull(view: Evidence): string | undefined {
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
const defaultOfNode = (full: ShardEvidence[]): string =>
  full.every(({ limit }) => limit === NODE_DEFAULT)
    ? ` ${NODE_DEFAULT} is the backlog that Node takes unless told otherwise: listen({ backlog }) sets another.`
    : ''

/** What it is like for the clients. */
function plight({ steering }: Evidence, stuck: ShardEvidence[], open: ShardEvidence[]): string {
  const one = stuck.length === 1
  if (!stuck.some((shard) => shard.dropsPerSecond > 0))
    return `the next client that is dealt to ${one ? 'it' : 'them'} will be dropped`
  if (steering.by !== 'hash') return `who is dealt to ${one ? 'it' : 'them'} waits a second and tries again`
  const share =
    one && open.length <= 10 ? `one client in ${inWords(open.length)}` : `${stuck.length} clients of ${open.length}`
  return `${share} ${one ? 'waits a second and tries' : 'wait a second and try'} the same full queue again`
}

/** How the kernel deals connections to shards, and what that means to who met a full one. */
function choice({ steering }: Evidence): string {
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

export function overflowsForMoments(view: Evidence): string | undefined {
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

export function moreThanFits(view: Evidence): string | undefined {
  // Handshakes that finish at the same time overshoot by one or two: nothing to speak of.
  const over = listening(view).find((shard) => shard.length > shard.limit + 3 && shard.dropsPerSecond === 0)
  if (over === undefined) return undefined
  return `Shard ${over.shard} holds ${whole(over.length)} connections although only ${whole(over.limit + 1)} fit: a lower backlog sends nobody away, and what migrates from a closed shard is let in without a look. Nobody new gets in until it is below.`
}

export function clampedBacklog(view: Evidence): string | undefined {
  const clamped = listening(view).find((shard) => shard.backlog > shard.limit)
  if (clamped === undefined) return undefined
  return `${names([clamped])} asked for a backlog of ${whole(clamped.backlog)} and got ${whole(clamped.limit)}: net.core.somaxconn of this namespace clamps it, in silence. Raise it, then listen() again.`
}

export function filling(view: Evidence): string | undefined {
  const stalled = listening(view).filter((shard) => shard.stalled)
  const [first] = stalled
  if (first === undefined) return undefined
  const room = Math.max(0, first.limit + 1 - first.length)
  const [accept, queue] = stalled.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(stalled)} ${accept} nothing, and the kernel goes on finishing handshakes into ${queue}. Clients believe they are connected; ${stalled.length === 1 ? `there is room for ${whole(room)} more` : 'soon there is no room left'}.`
}

/** A wait from which people notice it. */
const LONG_WAIT_MS = 500

export function catchingUp(view: Evidence): string | undefined {
  const waited = listening(view).filter(
    ({ acceptWait, stalled }) => !stalled && acceptWait !== undefined && acceptWait.p99Ms >= LONG_WAIT_MS,
  )
  if (waited.length === 0) return undefined
  const longest = Math.max(...waited.map(({ acceptWait }) => acceptWait?.p99Ms ?? 0))
  const [accepts, its] = waited.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(waited)} ${accepts} clients that have waited ${duration(longest)} in ${its}, believing they were connected. No counter of the kernel tells of that: only the accept wait does.`
}

export function retriesFromBefore(view: Evidence): string | undefined {
  const { clients, shards } = view
  if (clients.synRetransmitsPerSecond < 1 || shards.some(({ dropsPerSecond }) => dropsPerSecond > 0)) return undefined
  return `${whole(clients.synRetransmitsPerSecond)} SYNs a second are sent again by clients that were dropped before: nobody is dropped now, but they come back only 1, 2, 3, 4, 5, 7 … seconds after their first SYN, so connecting took that long.`
}

export function closeCall(view: Evidence): string | undefined {
  const near = listening(view).filter((shard) => shard.peak >= (shard.limit + 1) * 0.8)
  const [first] = near
  if (first === undefined) return undefined
  const [was, its] = near.length === 1 ? ['was', 'its peak is'] : ['were', 'the highest peak is']
  const worst = near.reduce((a, b) => (b.peak / (b.limit + 1) > a.peak / (a.limit + 1) ? b : a))
  const full = worst.peak > worst.limit
  return `${names(near)} ${was} ${full ? 'full' : 'nearly full'} within the last 30 s: ${its} ${whole(worst.peak)} of ${whole(worst.limit + 1)}. ${full ? 'Whoever came then was dropped; a' : 'A'} longer burst or stall needs a larger backlog, or more shards.`
}
