/** The control API of one socket of a server: the same paths as that of a backend, as far as any server has them. */

import { UsageError } from '#common/errors.ts'
import { httpServer } from '#common/http.ts'
import { deferAccept, relisten } from '#kernel/listener.ts'
import { ServerOrder, type ServerStatus, SocketChange, StallChange, StallQuery } from './api.ts'
import type { KeeperOptions } from './options.ts'
import type { OwnServer } from './server.ts'
import type { Shards } from './shards.ts'

/** Of shard 0, 1, …; ready to listen. */
export async function controlApp({ name, reload }: KeeperOptions, index: number, server: OwnServer, shards: Shards) {
  const status = () =>
    ({ ...shards.status(index), reloads: reload !== undefined, cpu: server.cpuShare }) satisfies ServerStatus
  const app = httpServer()
  app.get('/health', () => ({ name, pid: process.pid }))
  app.get('/status', status)
  app.patch('/faults', { schema: { body: StallChange, querystring: StallQuery } }, async ({ body, query }) => {
    const pids = shards.acceptors(index)
    const chosen = query.process === undefined ? pids : pids.slice(query.process, query.process + 1)
    if (chosen.length === 0)
      throw new UsageError(
        query.process === undefined
          ? `No process of ${name} accepts at this socket`
          : `${name} has no process ${query.process + 1} that accepts: ${pids.length} do`,
      )
    await server.stall(chosen, body.stalled)
    return status()
  })
  app.put('/listener', { schema: { body: SocketChange } }, ({ body }) => {
    const { backlog, deferAcceptSeconds } = body
    shards.withSocket(index, (fd) => {
      if (backlog !== undefined) relisten(fd, backlog)
      if (deferAcceptSeconds !== undefined) deferAccept(fd, deferAcceptSeconds)
    })
    return status()
  })
  app.post('/server', { schema: { body: ServerOrder } }, async ({ body }) => {
    await server.obey(body, () => shards.main())
    return status()
  })
  await app.ready()
  return app
}
