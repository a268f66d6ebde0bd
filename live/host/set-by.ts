/** What probably set the limit of a listener. */
import type { SetBy } from '#findings/host/evidence.ts'
import { askedBy } from '#findings/servers/recognise.ts'
import type { Program, Server } from '#findings/servers/server.ts'

/**
 * The kernel keeps only what came of it: the backlog that was asked for, cut at somaxconn as it was then. What was asked for
 * is known where the command line says it, and likely where a server has a default.
 */
export function limitSetBy(
  limit: number,
  server: Server | undefined,
  programs: readonly Program[],
  somaxconn: number | undefined,
): SetBy {
  const said = server === undefined ? undefined : askedBy(server, programs)
  if (said !== undefined) {
    if (said === limit) return { by: 'command line', asked: said }
    if (said > limit) return { by: 'somaxconn', asked: said, sure: true }
  }
  const usual = server?.defaultBacklog
  if (said === undefined && typeof usual === 'number' && server !== undefined) {
    if (usual === limit) return { by: 'default', server: server.name }
    if (usual > limit && limit === somaxconn) return { by: 'somaxconn', asked: usual, sure: false }
  }
  if (limit === somaxconn) return { by: 'somaxconn', asked: undefined, sure: usual === 'somaxconn' }
  return { by: 'application' }
}
