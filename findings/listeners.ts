/** Which shards listen, which no longer do, and which get the connections. */
import { whole } from '#common/quantities.ts'
import { listening, moves } from './evidence.ts'
import type { Finding } from './finding.ts'
import { inWords, names } from './words.ts'

export const nobodyListens: Finding = {
  code: 'nobody-listens',
  from: ['listeners', 'backends'],
  says: ({ shards }) =>
    shards.length === 0 || shards.some(({ state }) => state === 'listening' || state === 'unread')
      ? undefined
      : 'No backend is listening: the kernel answers every SYN with a reset, and clients see "connection refused" at once.',
}

export const processDown: Finding = {
  code: 'process-down',
  from: ['listeners', 'backends'],
  says(view) {
    const down = view.shards.filter((shard) => shard.state === 'down')
    if (down.length === 0) return undefined
    const lost =
      down.length === 1
        ? 'is down: its queue ended with the process'
        : 'are down: their queues ended with the processes'
    const fate = view.sysctls.migrateReq === 1 ? 'moved to the others' : 'were reset'
    return `${names(down)} ${lost}, and the connections that waited there ${fate}. The kernel sends new connections to the remaining shards.`
  },
}

export const listenerClosed: Finding = {
  code: 'listener-closed',
  from: ['listeners', 'backends'],
  says(view) {
    const closed = view.shards.filter((shard) => shard.state === 'closed')
    if (closed.length === 0) return undefined
    const { migrateReq } = view.sysctls
    // A kernel that moves nothing has no such setting.
    const why = migrateReq === 0 ? ' (tcp_migrate_req=0)' : ''
    const fate = migrateReq === 1 ? 'moved to another shard (tcp_migrate_req=1)' : `were reset${why}`
    return `${names(closed)} ${closed.length === 1 ? 'has closed its listener' : 'have closed their listeners'}: the kernel sends new connections to the others. Connections that waited in the queue ${fate}.`
  },
}

export const migrated: Finding = {
  code: 'connections-migrate',
  from: ['counters'],
  says(view) {
    const [moved, lost] = [moves(view, 'TCPMigrateReqSuccess'), moves(view, 'TCPMigrateReqFailure')]
    if (moved === 0 && lost === 0) return undefined
    const gone = lost === 0 ? '' : ` ${whole(lost)} a second could not be moved (TCPMigrateReqFailure).`
    if (moved === 0)
      return `A listener was closed, and no other shard had room for the connections that waited there:${gone}`
    return `A listener was closed, and the connections that waited there moved to the remaining shards (tcp_migrate_req=1): ${whole(moved)} a second.${gone} Completed connections move without a check of the limit, so a queue may hold more than fits.`
  },
}

export const somebodyElseListens: Finding = {
  code: 'stranger-on-the-port',
  from: ['listeners', 'backends'],
  says(view) {
    const strangers = listening(view).filter(({ processes, silent }) => processes.length === 0 && !silent)
    const known = listening(view).some(({ processes }) => processes.length > 0)
    if (strangers.length === 0 || !known) return undefined
    const [belongs, takes] = strangers.length === 1 ? ['belongs', 'takes its'] : ['belong', 'take their']
    return `${names(strangers)} ${belongs} to no backend: another process of the same user listens on this port with SO_REUSEPORT and ${takes} share of the clients.`
  },
}

export const sentToOneShard: Finding = {
  code: 'steered-to-one-shard',
  from: ['listeners', 'backends'],
  says(view) {
    const { steering, clients } = view
    if (steering.by !== 'member' || listening(view).length < 2 || clients.startedPerSecond === 0) return undefined
    return `A program sends every new connection to shard ${steering.member + 1}; the others get none, however empty their queues are.`
  },
}

export const oneProcessTakesAll: Finding = {
  code: 'one-process-takes-all',
  from: ['listeners', 'backends'],
  says(view) {
    for (const { processes } of listening(view)) {
      const rates = processes.map(({ acceptsPerSecond }) => acceptsPerSecond ?? 0)
      const all = rates.reduce((sum, rate) => sum + rate, 0)
      const most = Math.max(0, ...rates)
      if (processes.length < 2 || all < 20 || most < all * 0.9 || processes.some(({ stalled }) => stalled)) continue
      return `One queue, ${inWords(processes.length)} processes, and process ${rates.indexOf(most) + 1} accepts nearly all connections: the kernel wakes every waiting process, and the first to call accept() gets the connection. The others get their turn when that one is busy.`
    }
    return undefined
  },
}
