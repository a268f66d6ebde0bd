/** Backends that accept nothing: the queue in front of them fills, whatever its size. */
import { whole } from '#common/quantities.ts'
import { type Evidence, full, listening, type ShardEvidence } from './evidence.ts'
import type { Finding } from './finding.ts'
import { choice, defaultOfNode, idleNeighbours, plight } from './full-queue.ts'
import { inWords, names } from './words.ts'

/** Whether nobody accepts from it: it was stalled, or its queue is full and it has accepted nothing for a second. */
export const standsStill = (shard: ShardEvidence): boolean =>
  shard.stalled ||
  (full(shard) &&
    shard.acceptWait === undefined &&
    shard.processes.length > 0 &&
    shard.processes.every(({ acceptsPerSecond }) => acceptsPerSecond === 0))

const fullAndStill = (view: Evidence): ShardEvidence[] =>
  listening(view).filter((shard) => full(shard) && standsStill(shard))

export const allShardsStalled: Finding = {
  code: 'all-shards-stalled',
  from: ['listeners', 'backends'],
  says(view) {
    const open = listening(view)
    if (open.length === 0 || fullAndStill(view).length < open.length) return undefined
    const one = open.length === 1
    const which = one ? 'The accept queue is' : `All ${inWords(open.length)} accept queues are`
    return `${which} full because ${one ? 'the backend accepts' : 'the backends accept'} no connections: every new SYN is silently dropped, and its client retransmits it after a second. A larger backlog only buys time: ${one ? 'the backend has' : 'the backends have'} to accept again.${defaultOfNode(open)}`
  },
}

export const oneShardStalled: Finding = {
  code: 'one-shard-stalled',
  from: ['listeners', 'backends'],
  says(view) {
    const open = listening(view)
    const still = fullAndStill(view)
    if (still.length === 0) return filling(view)
    if (still.length === open.length) return undefined // all of them: said already
    const others = open.filter(full).length - still.length
    const one = still.length === 1
    const state =
      others > 0
        ? `${one ? 'accepts' : 'accept'} no connections and ${one ? 'is' : 'are'} full`
        : `${one ? 'is' : 'are'} full ${idleNeighbours(still, open)}`
    return `${names(still)} ${state}: ${plight(view, still, open)}. ${choice(view)} ${one ? 'It has' : 'They have'} to accept again; a larger backlog would only delay this.${defaultOfNode(still)}`
  },
}

/** Stalled, with room left; said only while no other queue is in trouble of its own. */
function filling(view: Evidence): string | undefined {
  const open = listening(view)
  const stalled = open.filter((shard) => shard.stalled)
  const [first] = stalled
  if (first === undefined || open.some(full)) return undefined
  const one = stalled.length === 1
  const room = Math.max(0, first.limit + 1 - first.length)
  const [accept, queue] = one ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(stalled)} ${accept} no connections, but the kernel continues to complete handshakes and fills ${queue}. Clients believe they are connected; ${one ? `there is room for ${whole(room)} more` : 'soon there will be no room left'}.`
}
