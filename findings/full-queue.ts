/** What a full queue means to the clients: words that several findings share. */
import type { Evidence, ShardEvidence } from './evidence.ts'
import { inWords } from './words.ts'

const NODE_DEFAULT = 511

/** A limit that is Node's default may be one that nobody has chosen, or knows of. */
export const defaultOfNode = (full: ShardEvidence[]): string =>
  full.every(({ limit }) => limit === NODE_DEFAULT)
    ? ` ${NODE_DEFAULT} is Node's default backlog: set another one with listen({ backlog }).`
    : ''

/** `while its neighbours idle`, if they do. */
export function idleNeighbours(stuck: ShardEvidence[], open: ShardEvidence[]): string {
  const neighbours = open.filter((shard) => !stuck.includes(shard))
  const whose = stuck.length === 1 ? 'its' : 'their'
  const [who, idle, have] = neighbours.length === 1 ? ['neighbour', 'idles', 'has'] : ['neighbours', 'idle', 'have']
  return neighbours.every(({ fill }) => fill < 0.5)
    ? `while ${whose} ${who} ${idle}`
    : `while ${whose} ${who} still ${have} room`
}

/** What the clients experience. */
export function plight({ steering }: Evidence, stuck: ShardEvidence[], open: ShardEvidence[]): string {
  const one = stuck.length === 1
  if (!stuck.some((shard) => shard.dropsPerSecond > 0))
    return `the next SYN assigned to ${one ? 'it' : 'them'} will be dropped`
  if (steering.by !== 'hash' || open.length === 1)
    return `a client assigned to ${one ? 'it' : 'them'} waits a second and tries again`
  const share =
    one && open.length <= 10 ? `one client in ${inWords(open.length)}` : `${stuck.length} clients of ${open.length}`
  return `${share} ${one ? 'waits a second and tries' : 'wait a second and try'} the same full queue again`
}

/** How the kernel chooses a shard for each connection, and what that means for a client that met a full one. */
export function choice({ steering, shards }: Evidence): string {
  switch (steering.by) {
    case 'hash':
      return 'The kernel chooses by the hash of the addresses and never looks at the queue.'
    case 'cpu':
      return 'A program chooses by the CPU that handles the SYN and never looks at the queue.'
    case 'random':
      return 'A program chooses at random, and chooses anew for a retransmitted SYN, so most clients get in at the next try.'
    case 'member': {
      // The program names a place in the group: once a shard has left it, the places are others.
      const all = shards.every(({ state }) => state === 'listening' || state === 'unread')
      const which = all ? `shard ${steering.member + 1}` : 'one shard'
      return `A program sends every new connection to ${which}, and never looks at its queue.`
    }
  }
}
