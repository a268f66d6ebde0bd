/** Waits until a server is up: it listens where clients reach it, and answers if it is to be asked. */

import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { formatListen } from '#common/parse.ts'
import { eventually } from '#common/waiting.ts'
import type { KeeperOptions } from './options.ts'
import type { OwnServer } from './server.ts'
import type { Shards } from './shards.ts'
import { type ListeningSocket, reaches } from './sockets.ts'

/** A server of Java, or one that warms up, takes its time. */
const WITHIN_MS = 60_000
const EVERY_MS = 10
/** Who listens elsewhere than expected may open the expected port a moment later. */
const SETTLE_MS = 1000

/** Gives the port. Throws a UsageError that says why there is none, with what the server wrote last. */
export async function portOfServer(options: KeeperOptions, server: OwnServer, shards: Shards): Promise<number> {
  const { name, port, address } = options
  let held: ListeningSocket[] = []
  let sinceMs = Number.POSITIVE_INFINITY
  const look = (): number | undefined => {
    if (server.hasEnded) throw ended(options, server)
    const before = held
    held = shards.held()
    if (held.length > 0 && before.length === 0) sinceMs = monotonicMs()
    const reached = held.filter((socket) => reaches(socket, address))
    if (reached.some((socket) => socket.port === port)) return port
    if (held.length === 0 || monotonicMs() - sinceMs < SETTLE_MS) return undefined
    return options.onlyPort ? undefined : onlyPortOf(options, held, reached)
  }
  try {
    const found = await eventually(`${name} listens`, look, (value) => value !== undefined, {
      withinMs: WITHIN_MS,
      everyMs: EVERY_MS,
      endsIt: (error) => error instanceof UsageError,
    })
    if (found === undefined) throw new UsageError(`${name} does not listen`)
    await answers(options, server, found)
    return found
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const where = options.onlyPort ? elsewhere(held) : ''
    throw new UsageError(`${error.message}${where}`, withOutput(error.remedy, server))
  }
}

/** Waits until somebody listens on the expected port, however long that takes: the server starts on its own. */
export async function portWhenThere({ name, port, address }: KeeperOptions, shards: Shards): Promise<number> {
  const there = (): boolean => shards.held().some((socket) => socket.port === port && reaches(socket, address))
  await eventually(`${name} listens`, there, Boolean, { withinMs: Number.POSITIVE_INFINITY, everyMs: 100 })
  return port
}

/** The one port of a server that does not listen where it was expected. */
function onlyPortOf(
  { name, address, port }: KeeperOptions,
  held: readonly ListeningSocket[],
  reached: readonly ListeningSocket[],
): number {
  const ports = [...new Set(reached.map((socket) => socket.port))]
  const [only] = ports
  if (only !== undefined && ports.length === 1) return only
  if (only === undefined)
    throw new UsageError(
      `${name} listens on ${places(held)}, which clients of the lab cannot reach`,
      `Have it listen on ${address}:${port}: {address} and {port} in its command, or HOST and PORT in its environment, say so`,
    )
  throw new UsageError(
    `${name} listens on several ports (${ports.join(', ')}), and none of them is ${port}`,
    'Say which one clients use: --port N',
  )
}

const places = (sockets: readonly ListeningSocket[]): string =>
  [...new Set(sockets.map(({ address, port }) => formatListen({ host: address, port })))].join(', ')

const elsewhere = (held: readonly ListeningSocket[]): string =>
  held.length === 0 ? '' : `; it listens on ${places(held)}`

/** The server ended before it was up. */
function ended({ name }: KeeperOptions, server: OwnServer): UsageError {
  return new UsageError(`${name} ended before it listened${server.how === '' ? '' : ` (${server.how})`}`)
}

/** What a person sees below the problem: what to do, and what the server said. */
function withOutput(remedy: string | undefined, server: OwnServer): string | undefined {
  const lines = server.lastLines
  const said = lines.length === 0 ? [] : ['Its last words:', ...lines.map((line) => `  ${line}`)]
  return [...(remedy === undefined ? [] : [remedy]), ...said].join('\n') || undefined
}

/** Waits for an answer below 500 to GET `ready`. */
async function answers({ name, address, ready }: KeeperOptions, server: OwnServer, port: number): Promise<void> {
  if (ready === undefined) return
  const url = `http://${formatListen({ host: address, port })}${ready.startsWith('/') ? '' : '/'}${ready}`
  const ask = async (signal: AbortSignal): Promise<number> => {
    if (server.hasEnded) throw new UsageError(`${name} ended before it was ready (${server.how})`)
    const response = await fetch(url, { signal, redirect: 'manual', headers: { connection: 'close' } })
    await response.body?.cancel()
    return response.status
  }
  await eventually(`${name} answers GET ${ready} with less than 500`, ask, (status) => status < 500, {
    withinMs: WITHIN_MS,
    everyMs: 50,
    endsIt: (error) => error instanceof UsageError,
  })
}
