/** Waits until a server is up: it listens where clients reach it, and answers if it is to be asked. */
import http from 'node:http'
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
/** Some open a socket for their own control long before their port. */
const UNIX_SETTLE_MS = 2000

/**
 * Gives the port, or the name of the UNIX socket of a server that has no port. Throws a UsageError that says why there is
 * neither, with what the server wrote last.
 */
export async function placeOfServer(
  options: KeeperOptions,
  server: OwnServer,
  shards: Shards,
): Promise<number | string> {
  const { name } = options
  const search = new Search(options, shards)
  const look = (): number | string | undefined => {
    if (server.hasEnded) throw ended(options, server)
    return search.look()
  }
  try {
    const found = await eventually(`${name} listens`, look, (value) => value !== undefined, {
      withinMs: WITHIN_MS,
      everyMs: EVERY_MS,
      endsIt: (error) => error instanceof UsageError,
    })
    if (found === undefined) throw new UsageError(`${name} does not listen`)
    await answers(
      options,
      server,
      typeof found === 'string' ? { socketPath: found } : { host: shards.reachedAt(found), port: found },
    )
    return found
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${error.message}${search.elsewhere()}`, withOutput(search.remedy() ?? error.remedy, server))
  }
}

/** Looks again and again for where a server listens. */
class Search {
  readonly #options: KeeperOptions
  readonly #shards: Shards
  #held: ListeningSocket[] = []
  #unix: ListeningSocket[] = []
  #sinceMs = Number.POSITIVE_INFINITY
  #unixSinceMs = Number.POSITIVE_INFINITY
  #found = false

  constructor(options: KeeperOptions, shards: Shards) {
    this.#options = options
    this.#shards = shards
  }

  look(): number | string | undefined {
    const nowMs = monotonicMs()
    this.#held = this.#shards.held()
    this.#unix = this.#options.onlySocket || this.#held.length === 0 ? this.#shards.heldUnix() : []
    if (this.#unix.length > 0) this.#unixSinceMs = Math.min(this.#unixSinceMs, nowMs)
    if (this.#held.length > 0) this.#sinceMs = Math.min(this.#sinceMs, nowMs)
    const place = this.#place(nowMs)
    this.#found = place !== undefined
    return place
  }

  #place(nowMs: number): number | string | undefined {
    const { port, address, address6, socket, onlySocket, onlyPort } = this.#options
    if (onlySocket) return this.#unix.find((one) => one.address === socket)?.address
    const by = (own: string): ListeningSocket[] => this.#held.filter((one) => reaches(one, own))
    const reached = by(address)
    if (reached.some((one) => one.port === port)) return port
    if (this.#held.length > 0) {
      if (nowMs - this.#sinceMs < SETTLE_MS) return undefined
      const byEither = reached.length === 0 && address6 !== undefined ? by(address6) : reached
      if (byEither.some((one) => one.port === port)) return port
      const there = this.#held.filter((one) => one.port === port)
      if (onlyPort) return there.length === 0 ? undefined : onlyPortOf(this.#options, there, [])
      return onlyPortOf(this.#options, this.#held, byEither)
    }
    if (onlyPort) return undefined
    if (socket === undefined || nowMs - this.#unixSinceMs < UNIX_SETTLE_MS) return undefined
    return onlySocketOf(this.#options, this.#unix)
  }

  /** Where it listens, if that is not where it was waited for; a clause, or nothing. */
  elsewhere(): string {
    const { onlyPort, onlySocket, port, socket } = this.#options
    if (this.#found || (socket !== undefined && !onlyPort && !onlySocket)) return ''
    if ((onlySocket || (onlyPort && !this.#held.some((one) => one.port === port))) && this.#held.length > 0)
      return `; it listens on ${places(this.#held)}`
    return this.#unix.length === 0 ? '' : `; it listens at the UNIX socket ${names(this.#unix)}`
  }

  /** What to do where it listens at a UNIX socket and may not. */
  remedy(): string | undefined {
    const { socket } = this.#options
    if (this.#found || socket !== undefined || this.#held.length > 0 || this.#unix.length === 0) return undefined
    return 'Clients of this lab speak TCP: have it listen on {address}:{port}. A UNIX socket is what spillway try -- asks about'
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

const names = (sockets: readonly ListeningSocket[]): string =>
  [...new Set(sockets.map(({ address }) => address))].join(', ')

/** The one UNIX socket of a server that listens on no port; undefined while it has none. */
function onlySocketOf({ name }: KeeperOptions, held: readonly ListeningSocket[]): string | undefined {
  const [only, ...others] = new Set(held.map(({ address }) => address))
  if (only === undefined) return undefined
  if (others.length > 0)
    throw new UsageError(
      `${name} listens at several UNIX sockets (${names(held)}), and on no port`,
      'Have the one that clients use at {socket}, which its command may name',
    )
  if (only.startsWith('@'))
    throw new UsageError(
      `${name} listens at the abstract UNIX socket ${only}, which clients of the lab, in a network namespace of their own, cannot reach`,
      'Have it listen at {socket}, which its command may name',
    )
  return only
}

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
async function answers(
  { name, ready }: KeeperOptions,
  server: OwnServer,
  at: Pick<http.RequestOptions, 'socketPath' | 'host' | 'port'>,
): Promise<void> {
  if (ready === undefined) return
  const path = ready.startsWith('/') ? ready : `/${ready}`
  const ask = async (signal: AbortSignal): Promise<number> => {
    if (server.hasEnded) throw new UsageError(`${name} ended before it was ready (${server.how})`)
    return await statusOf({ ...at, path, signal })
  }
  await eventually(`${name} answers GET ${ready} with less than 500`, ask, (status) => status < 500, {
    withinMs: WITHIN_MS,
    everyMs: 50,
    endsIt: (error) => error instanceof UsageError,
  })
}

function statusOf(options: http.RequestOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const request = http.get({ ...options, agent: false }, (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
  request.on('error', reject)
  return promise
}
