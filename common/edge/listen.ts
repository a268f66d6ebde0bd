/** How an edge comes to listen, on TCP or on a Unix socket, and what keeps it from that in words. */
import fs from 'node:fs'
import net from 'node:net'
import { dirname } from 'node:path'
import { UsageError } from '../errors.ts'
import { formatListen, type ListenTarget } from '../parse.ts'
import { codeOf, reasonOf } from '../system-errors.ts'

/** What can listen: an edge of Fastify's, or a reading one. */
export interface Listening {
  readonly server: net.Server
  listen(target: ListenTarget): Promise<unknown>
}

/** Listens and gives the target with the real port. A taken port becomes a UsageError that says so. */
export async function listenOn(app: Listening, target: ListenTarget, option = '--listen'): Promise<ListenTarget> {
  if ('path' in target) await freeSocket(target.path, option)
  try {
    await app.listen({ ...target }) // Fastify writes into what it is given
  } catch (error) {
    throw refusal(error, target, option)
  }
  if ('path' in target) return target
  const address = app.server.address()
  return { host: target.host, port: typeof address === 'object' && address !== null ? address.port : target.port }
}

/** Removes a socket that an ended process left behind. One that is in use, or any other file, is left alone. */
async function freeSocket(path: string, option: string): Promise<void> {
  if (!fs.existsSync(dirname(path)))
    throw new UsageError(`The folder of unix:${path} does not exist`, `Create it, or choose another with ${option}`)
  const left = fs.lstatSync(path, { throwIfNoEntry: false })
  if (left === undefined) return
  if (!left.isSocket())
    throw new UsageError(`unix:${path} exists and is not a socket`, `Choose another path with ${option}`)
  if (await answers(path))
    throw new UsageError(`unix:${path} is taken by another process`, `Choose another path with ${option}`)
  fs.rmSync(path, { force: true })
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = net.connect(path)
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

/** What a failed listen means to a person; other faults stay as they are. */
function refusal(error: unknown, target: ListenTarget, option: string): unknown {
  if (codeOf(error) === 'EADDRINUSE')
    return new UsageError(
      `${formatListen(target)} is taken by another process`,
      `Choose another address with ${option}, or stop the other process (\`ss -Hltnp\` names it)`,
    )
  const reason = reasonOf(error)
  if (reason === undefined) return error
  return new UsageError(`Cannot listen on ${formatListen(target)}: ${reason}`, `Choose another address with ${option}`)
}
