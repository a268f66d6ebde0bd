/** Who listens, who no longer does, and who gets the connections. */
import { whole } from '#common/quantities.ts'
import { type Evidence, listening, moves } from './evidence.ts'
import { inWords, names } from './words.ts'

const NOBODY_LISTENS =
  'No backend listens: the kernel answers every SYN with a reset, and clients see "connection refused" at once.'

export function processDown(view: Evidence): string | undefined {
  const down = view.shards.filter((shard) => shard.state === 'down')
  if (down.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  const [has, waits] = down.length === 1 ? ['is down: its', 'was'] : ['are down: their', 'were']
  return `${names(down)} ${has} queue ended with the process, and whoever waited in it ${waits} reset. The kernel deals new connections to the shards that are left.`
}

export function listenerClosed(view: Evidence): string | undefined {
  const closed = view.shards.filter((shard) => shard.state === 'closed')
  if (closed.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  const fate =
    view.sysctls.migrateReq === 1 ? 'moved to another shard (tcp_migrate_req=1)' : 'was reset (tcp_migrate_req=0)'
  return `${names(closed)} ${closed.length === 1 ? 'has closed its listener' : 'have closed their listeners'}: the kernel deals new connections to the others. Whoever waited in the queue ${fate}.`
}

export function migrated(view: Evidence): string | undefined {
  const [moved, lost] = [moves(view, 'TCPMigrateReqSuccess'), moves(view, 'TCPMigrateReqFailure')]
  if (moved === 0 && lost === 0) return undefined
  const gone = lost === 0 ? '' : ` ${whole(lost)} a second could not be moved (TCPMigrateReqFailure).`
  if (moved === 0) return `A listener was closed, and who waited there found no shard with room:${gone}`
  return `A listener was closed, and who waited there moved to the shards that are left (tcp_migrate_req=1): ${whole(moved)} a second.${gone} Finished connections move without a look at the limit, so a queue may hold more than fits.`
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
  return `A program sends every new connection to shard ${steering.member + 1}; the others get none, whatever their queues.`
}

export function oneProcessTakesAll(view: Evidence): string | undefined {
  for (const { processes } of listening(view)) {
    const rates = processes.map(({ acceptsPerSecond }) => acceptsPerSecond)
    const all = rates.reduce((sum, rate) => sum + rate, 0)
    const most = Math.max(0, ...rates)
    if (processes.length < 2 || all < 20 || most < all * 0.9 || processes.some(({ stalled }) => stalled)) continue
    return `One queue, ${inWords(processes.length)} processes, and process ${rates.indexOf(most) + 1} takes nearly all: the kernel wakes every process that waits, and whoever calls accept() first has the connection. The others get their turn when it is busy.`
  }
  return undefined
}
