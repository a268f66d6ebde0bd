/**
 * An edge that answers GET and HEAD alone, without Fastify, which takes 20 MB where nothing else is loaded, and some 7 MB in the
 * exporter: for a service that runs for months beside the work of others. What is not asked for rightly is answered as everywhere: 404, 405 with `Allow`, 400, with `{ error }`.
 */
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http'
import net from 'node:net'
import { parse } from 'node:querystring'
import type { Static, TSchema } from 'typebox'
import { describeError } from '../errors.ts'
import type { ListenTarget } from '../parse.ts'
import { convert, firstProblem, fits } from '../validate.ts'
import { type EdgeOptions, EdgeServer } from './server.ts'
import { badPath, nothingAt, refusalOf } from './words.ts'

const READING = 'GET, HEAD'

/** A request and its answer. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The path of the route that will answer; undefined where there is none for this path and method. */
  readonly route: string | undefined

  constructor(request: IncomingMessage, response: ServerResponse, route: string | undefined) {
    this.request = request
    this.response = response
    this.route = route
  }

  /** Answers with a value as JSON. */
  json(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
    this.send(status, 'application/json; charset=utf-8', JSON.stringify(value), headers)
  }

  /** Answers with a whole body. One to HEAD says how long it is, and is left out. */
  send(status: number, type: string, body: string | Buffer, headers: OutgoingHttpHeaders = {}): void {
    const length = { 'content-type': type, 'content-length': Buffer.byteLength(body) }
    this.response.writeHead(status, { ...headers, ...length }).end(body)
  }
}

/** Answers, at once or later. */
export type Route = (exchange: Exchange) => void | Promise<void>
/** Sees each request before its route does, also one for which there is none. True if it has answered. */
export type Guard = (exchange: Exchange) => boolean | Promise<boolean>

/** Routes by their path, and what stands before them. */
export class ReadingEdge {
  readonly #edge: EdgeServer
  readonly #routes = new Map<string, Route>()
  readonly #guards: Guard[] = []

  constructor(options: EdgeOptions = {}) {
    this.#edge = new EdgeServer((request, response) => void this.#answer(request, response), options)
    this.server.on('clientError', (error, socket) => {
      if (socket instanceof net.Socket) this.#edge.refuseClient(error, socket)
      else socket.destroy()
    })
  }

  get server(): Server {
    return this.#edge.server
  }

  /** Guards are asked in the order in which they were added. */
  guard(guard: Guard): void {
    this.#guards.push(guard)
  }

  get(path: string, route: Route): void {
    this.#routes.set(path, route)
  }

  /**
   * A route that takes a query. `schema` is asked for with the first request that has one; a query that does not fit is
   * answered with 400 and `{ error, field }`, and none at all is undefined.
   */
  getWith<Schema extends TSchema>(
    path: string,
    schema: () => Schema,
    route: (exchange: Exchange, query: Static<Schema> | undefined) => void | Promise<void>,
  ): void {
    this.get(path, (exchange) => {
      const text = partsOf(exchange.request.url)[1]
      if (text === '') return route(exchange, undefined)
      const value = convert(schema(), { ...parse(text) })
      if (fits(schema(), value)) return route(exchange, value)
      const { field = '', message } = firstProblem(schema(), value) ?? {}
      exchange.json(400, { error: `${field || 'The query'} ${message}`, ...(field !== '' && { field }) })
    })
  }

  listen(target: ListenTarget): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.server.once('error', reject)
    this.server.listen(target, () => {
      this.server.off('error', reject)
      resolve()
    })
    return promise
  }

  /** Takes no more connections and ends all that are open, streams too. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    this.#edge.destroy()
    this.server.closeAllConnections()
    return closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decoded(partsOf(request.url)[0])
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const route = path === undefined ? undefined : this.#routes.get(path)
    const exchange = new Exchange(request, response, reads && route !== undefined ? path : undefined)
    try {
      for (const guard of this.#guards) if (await guard(exchange)) return
      if (path === undefined) exchange.json(400, { error: badPath })
      else if (route === undefined) exchange.json(404, { error: nothingAt(request.url ?? '') })
      else if (reads) await route(exchange)
      else exchange.json(405, { error: `${request.method} is not allowed here, only ${READING}` }, { allow: READING })
    } catch (error) {
      refuse(exchange, error)
    }
  }
}

function refuse(exchange: Exchange, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { status, sentence, field, remedy } = refusalOf(error)
  // A client that has gone away gets no answer, and that it has gone away is not a fault.
  if (exchange.response.destroyed) return
  if (status >= 500) console.error(describeError(error))
  if (exchange.response.headersSent) exchange.response.destroy()
  else exchange.json(status, { error: sentence, field, remedy })
}

/** Path and query of an address. */
function partsOf(url = ''): [path: string, query: string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

/** Undefined if it is no valid path. */
function decoded(path: string): string | undefined {
  try {
    return decodeURI(path)
  } catch {
    return undefined
  }
}
