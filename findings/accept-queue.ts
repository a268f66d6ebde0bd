/** What stands in the accept queues: full, over the limit, or full within the last 30 s. */
import { duration, whole } from '#common/quantities.ts'
import { type Evidence, full, listening, moves, type ShardEvidence } from './evidence.ts'
import { type Finding, isTrusted, ratesAreKnown } from './finding.ts'
import { choice, defaultOfNode, idleNeighbours, plight } from './full-queue.ts'
import { standsStill } from './stalls.ts'
import { inWords, names, ofThatFit, perSecond } from './words.ts'

/** Handshakes that finish at the same time overshoot by one or two, which is normal. */
const OVERSHOOT = 3
const overfull = ({ length, limit }: ShardEvidence): boolean => length > limit + OVERSHOOT

export const acceptQueueOverflows: Finding = {
  code: 'accept-queue-overflows',
  from: ['listeners'],
  says(view) {
    const open = listening(view)
    // Whether a backend stands still it says itself: while it says nothing, a full queue is said without its cause.
    const told = isTrusted(view, 'backends')
    const stuck = open.filter((shard) => full(shard) && !(told && standsStill(view, shard)))
    if (stuck.length === 0) return undefined
    if (!told || !ratesAreKnown(view) || stuck.some(({ silent }) => silent)) {
      const all = stuck.length === open.length
      const beside = all ? '' : ` ${idleNeighbours(stuck, open)}`
      return `${names(stuck)} ${stuck.length === 1 ? 'is' : 'are'} full${beside}: ${plight(view, stuck, open)}. Why is not known: the backends have not answered lately.`
    }
    if (stuck.length === open.length) {
      const which = open.length === 1 ? 'The accept queue is' : `All ${inWords(open.length)} accept queues are`
      return `${which} full: connections arrive faster than the backends accept them, and each dropped SYN is retransmitted after a second. More backends, or less work per accept, would fix this; a larger backlog only makes clients wait longer.${defaultOfNode(open)}`
    }
    const state = `${stuck.length === 1 ? 'is' : 'are'} full ${idleNeighbours(stuck, open)}`
    return `${names(stuck)} ${state}: ${plight(view, stuck, open)}. ${choice(view)} Less work per accept there, or more shards, would fix this.${defaultOfNode(stuck)}`
  },
}

export const moreThanFits: Finding = {
  code: 'more-than-the-limit',
  from: ['listeners'],
  says(view) {
    const over = listening(view).find((shard) => overfull(shard) && !shard.stalled)
    if (over === undefined) return undefined
    return `Shard ${over.shard} holds ${whole(over.length)} connections although only ${whole(over.limit + 1)} fit: lowering a backlog removes no connection, and those that migrate from a closed shard are added without a check of the limit. New connections get in only once fewer than ${whole(over.limit + 1)} wait.`
  },
}

/** A wait that people notice. */
const LONG_WAIT_MS = 500
const hasWaitedLong = ({ acceptWait }: ShardEvidence): boolean =>
  acceptWait !== undefined && acceptWait.p99Ms >= LONG_WAIT_MS

/** A rate and a total that were read at different moments differ by less. */
const FAR_MORE = 1.5

export const overflowsForMoments: Finding = {
  code: 'accept-queue-overflows-briefly',
  from: ['listeners', 'counters'],
  says(view) {
    // Drops of a listener are not all overflows, and the counter is not read when they are: what full queues drop explains
    // it, unless it is far more.
    const elsewhere = listening(view)
      .filter(full)
      .reduce((sum, { dropsPerSecond }) => sum + dropsPerSecond, 0)
    if (moves(view, 'ListenOverflows') <= elsewhere * FAR_MORE) return undefined
    // What one has dropped that has just been released is no burst: it catches up.
    const brief = listening(view).filter(
      (shard) => shard.dropsPerSecond > 0 && !full(shard) && !shard.stalled && !hasWaitedLong(shard),
    )
    if (brief.length === 0) return undefined
    const slow = brief.some(
      ({ acceptDelayMs = 0, faults }) => acceptDelayMs > 0 || faults.some((fault) => fault.startsWith('slow accept')),
    )
    const mend = slow
      ? 'Accepting takes too long for this load: less work per accept, or more shards, would help.'
      : 'Bursts are larger than the backlog: a larger one would hold them, at the cost of a short wait.'
    return `${names(brief)} ${brief.length === 1 ? 'overflows' : 'overflow'} briefly, and ${brief.length === 1 ? 'is' : 'are'} not full now: each client whose SYN was dropped waits a second. ${mend}`
  },
}

/** A limit that is lower than what was asked for; `harms` if the queue spills because of it. */
function clamped(view: Evidence, harms: boolean): string | undefined {
  // A listener's drops alone may be SYNs that came twice.
  const overflows = isTrusted(view, 'counters') && moves(view, 'ListenOverflows') > 0
  const spills = (shard: ShardEvidence): boolean => full(shard) || (overflows && shard.dropsPerSecond > 0)
  const found = listening(view).find(
    (shard) => shard.backlog > shard.limit && (!harms || (spills(shard) && !standsStill(view, shard))),
  )
  if (found === undefined) return undefined
  const { somaxconn } = view.sysctls
  const harm = !harms ? '' : full(found) ? `, and ${ofThatFit(found)} wait` : ', and overflows'
  const asked = `${names([found])} asked for a backlog of ${whole(found.backlog)} and got ${whole(found.limit)}${harm}`
  if (somaxconn === undefined || somaxconn < 0 || somaxconn === found.limit)
    return `${asked}: net.core.somaxconn of this namespace silently caps it. Raise it, then call listen() again.`
  const now = `net.core.somaxconn was ${whole(found.limit)} when listen() was called, and is ${whole(somaxconn)} now`
  return `${asked}: ${now}. ${somaxconn >= found.backlog ? 'Call listen() again' : 'Raise it, then call listen() again'}.`
}

/** It is why the queue spills. */
export const backlogClampedAndSpilling: Finding = {
  code: 'backlog-clamped',
  from: ['listeners', 'backends'],
  says: (view) => clamped(view, true),
}

/** It does no harm yet. */
export const backlogClamped: Finding = {
  code: 'backlog-clamped',
  from: ['listeners', 'backends'],
  says: (view) => clamped(view, false),
}

export const catchingUp: Finding = {
  code: 'long-accept-wait',
  from: ['listeners', 'backends'],
  says(view) {
    const waited = listening(view).filter((shard) => !shard.stalled && hasWaitedLong(shard))
    if (waited.length === 0) return undefined
    const longest = Math.max(...waited.map(({ acceptWait }) => acceptWait?.p99Ms ?? 0))
    const [accepts, its] = waited.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
    return `${names(waited)} ${accepts} clients that have waited ${duration(longest)} in ${its}, believing they were connected. No kernel counter shows this: only the accept wait does.`
  },
}

export const retriesFromBefore: Finding = {
  code: 'clients-still-retry',
  from: ['listeners', 'backends'],
  says(view) {
    const { clients, shards } = view
    const now = shards.some(({ dropsPerSecond }) => dropsPerSecond > 0) || listening(view).some(full)
    // A machine that is late with its answers makes clients retry too: where nothing was ever dropped, nothing is known.
    const before = shards.some(({ drops = 1 }) => drops > 0)
    if (clients.synRetransmitsPerSecond < 1 || now || !before) return undefined
    return `${perSecond(clients.synRetransmitsPerSecond)} SYNs a second are retransmitted by clients whose SYNs were dropped before: none is dropped now, but clients retry only 1, 2, 3, 4, 5, 7 … seconds after their first SYN (before Linux 6.5 after 1, 3, 7 …), so connecting took that long.`
  },
}

export const closeCall: Finding = {
  code: 'queue-was-full',
  from: ['listeners'],
  says(view) {
    if (listening(view).some(full)) return undefined
    // A peak far above the limit is from before listen() was called with another backlog.
    const near = listening(view).filter(
      ({ peak, limit }) => peak >= (limit + 1) * 0.8 && peak <= limit + OVERSHOOT && peak > 1,
    )
    if (near.length === 0) return undefined
    const [was, its] = near.length === 1 ? ['was', 'its peak is'] : ['were', 'the highest peak is']
    const worst = near.reduce((a, b) => (b.peak / (b.limit + 1) > a.peak / (a.limit + 1) ? b : a))
    const wasFull = worst.peak > worst.limit
    const peak = ofThatFit({ length: worst.peak, limit: worst.limit })
    return `${names(near)} ${was} ${wasFull ? 'full' : 'nearly full'} within the last 30 s: ${its} ${peak}. A longer burst or stall needs a larger backlog, or more shards.`
  },
}
