/** The very line that mends something, for the very server. */
import type { Endpoint, Server } from '../servers/server.ts'
import type { QueueEvidence } from './evidence.ts'
import type { Mend } from './finding.ts'

const ENOUGH = 1024
const MOST = 65_535

/** Four times what it was, and no less than a burst of a busy second: a power of two, as people write them. */
export function largerBacklog({ limit }: Pick<QueueEvidence, 'limit'>): number {
  return Math.min(MOST, Math.max(ENOUGH, 2 ** Math.ceil(Math.log2(4 * (limit + 1)))))
}

/** What has to be known of a socket to say how its settings are changed. */
export type Settable = Pick<
  QueueEvidence,
  'activated' | 'server' | 'setBy' | 'path' | 'address' | 'port' | 'own' | 'netns' | 'host'
>

const endpoint = ({ path, address = '', port = 0 }: Settable): Endpoint =>
  path === undefined ? { address, port } : { path }

/** How this server is given a backlog; empty where nothing is known of it. */
export function backlogOf(queue: Settable, backlog: number): Mend[] {
  if (queue.activated)
    return [
      {
        line: `[Socket] Backlog=${backlog}`,
        where: 'by systemctl edit of its .socket unit',
        after: 'systemctl restart of that unit',
      },
    ]
  const { server } = queue
  if (server?.backlog !== undefined) return [server.backlog(backlog, endpoint(queue))]
  // Go and systemd ask for what the sysctl says: raising it and starting again is all there is.
  if (server?.defaultBacklog === 'somaxconn')
    return [
      {
        line: `sysctl -w net.core.somaxconn=${backlog}`,
        where: whereOf(queue),
        after: `restart ${server.name === 'Go' ? 'the program' : 'it'}`,
      },
    ]
  if (server !== undefined) return []
  // It got as much as there is: what it asked for is not known, and may well be more.
  if (queue.setBy.by === 'somaxconn')
    return [{ line: `sysctl -w net.core.somaxconn=${backlog}`, where: whereOf(queue), after: 'restart the program' }]
  return [{ line: `listen(fd, ${backlog})`, where: 'in its program', after: 'restart it' }]
}

/** Raises somaxconn where it is too low for that backlog. */
export function somaxconnFor(queue: Settable, backlog: number, somaxconn: number | undefined): Mend[] {
  if (somaxconn === undefined || somaxconn >= backlog || queue.server?.defaultBacklog === 'somaxconn') return []
  return [{ line: `sysctl -w net.core.somaxconn=${backlog}`, where: whereOf(queue), after: 'then restart the server' }]
}

/** More that can be served at the same time, where that keeps the queue from filling or makes it longer. */
export const poolOf = ({ server: { pool } = {} }: { server: Pick<Server, 'pool'> | undefined }): Mend[] =>
  pool === undefined || (pool.fills === 'refuses' && pool.refusesFrom === undefined) ? [] : placesOf(pool)

/** More clients at the same time. */
export const placesOf = ({ line, what }: NonNullable<Server['pool']>): Mend[] => [
  { line, where: `in its configuration: ${what}`, after: 'restart it' },
]

export const sysctl = (name: string, value: number | string, where = 'on this host'): Mend => ({
  line: `sysctl -w ${name}=${quoted(value)}`,
  where,
  after: `and in /etc/sysctl.d/ to keep it`,
})

const quoted = (value: number | string): string => (/\s/.test(String(value)) ? `"${value}"` : String(value))

export const whereOf = ({ own, netns, host }: { own: boolean; netns: string; host?: string | undefined }): string =>
  host !== undefined ? `on ${host}` : own ? 'on this host' : `in network namespace ${netns}`
