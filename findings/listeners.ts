/** Which shards listen, which no longer do, and which get the connections. */
import { whole } from '#common/quantities.ts'
import { type Evidence, listening, moves } from './evidence.ts'
import { inWords, names } from './words.ts'

const NOBODY_LISTENS =
  'No backend is listening: the kernel answers every SYN with a reset, and clients see "connection refused" at once.'

export function processDown(view: Evidence): string | undefined {
  const down = view.shards.filter((shard) => shard.state === 'down')
  if (down.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  const lost =
    down.length === 1 ? 'is down: its queue ended with the process' : 'are down: their queues ended with the processes'
  return `${names(down)} ${lost}, and the connections that waited there were reset. The kernel sends new connections to the remaining shards.`
}

export function listenerClosed(view: Evidence): string | undefined {
  const closed = view.shards.filter((shard) => shard.state === 'closed')
  if (closed.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  const fate =
    view.sysctls.migrateReq === 1 ? 'moved to another shard (tcp_migrate_req=1)' : 'were reset (tcp_migrate_req=0)'
  return `${names(closed)} ${closed.length === 1 ? 'has closed its listener' : 'have closed their listeners'}: the kernel sends new connections to the others. Connections that waited in the queue ${fate}.`
}

export function migrated(view: Evidence): string | undefined {
  const [moved, lost] = [moves(view, 'TCPMigrateReqSuccess'), moves(view, 'TCPMigrateReqFailure')]
  if (moved === 0 && lost === 0) return undefined
  const gone = lost === 0 ? '' : ` ${whole(lost)} a second could not be moved (TCPMigrateReqFailure).`
  if (moved === 0)
    return `A listener was closed, and no other shard had room for the connections that waited there:${gone}`
  return `A listener was closed, and the connections that waited there moved to the remaining shards (tcp_migrate_req=1): ${whole(moved)} a second.${gone} Completed connections move without a check of the limit, so a queue may hold more than fits.`
}

export function somebodyElseListens(view: Evidence): string | undefined {
  const strangers = listening(view).filter(({ processes }) => processes.length === 0)
  const known = listening(view).some(({ processes }) => processes.length > 0)
  if (strangers.length === 0 || !known) return undefined
  const [belongs, takes] = strangers.length === 1 ? ['belongs', 'takes its'] : ['belong', 'take their']
  return `${names(strangers)} ${belongs} to no backend: another process of the same user listens on this port with SO_REUSEPORT and ${takes} share of the clients.`
}

export function sentToOneShard(view: Evidence): string | undefined {
  const { steering, clients } = view
  if (steering.by !== 'member' || listening(view).length < 2 || clients.startedPerSecond === 0) return undefined
  return `A program sends every new connection to shard ${steering.member + 1}; the others get none, however empty their queues are.`
}

export function oneProcessTakesAll(view: Evidence): string | undefined {
  for (const { processes } of listening(view)) {
    const rates = processes.map(({ acceptsPerSecond }) => acceptsPerSecond)
    const all = rates.reduce((sum, rate) => sum + rate, 0)
    const most = Math.max(0, ...rates)
    if (processes.length < 2 || all < 20 || most < all * 0.9 || processes.some(({ stalled }) => stalled)) continue
    return `One queue, ${inWords(processes.length)} processes, and process ${rates.indexOf(most) + 1} accepts nearly all connections: the kernel wakes every waiting process, and the first to call accept() gets the connection. The others get their turn when that one is busy.`
  }
  return undefined
}
