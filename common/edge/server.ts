/**
 * Node's HTTP server as all our edges have it. Whatever arrives is answered with one sentence as JSON, or hung up on;
 * nothing that a client does ends the process.
 */
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describeError } from '../errors.ts'
import { reasonOf } from '../system-errors.ts'
import { CHECKED_EVERY_MS, type EdgeLimits, MOST_REFUSED } from './limits.ts'

/**
 * Not imported: that looks at every property of a module once, and one of Node's HTTP loads a whole client of HTTP and
 * WebSocket (undici): 10 MB in a process that loads nothing else.
 */
const http = process.getBuiltinModule('node:http')

/** Requests that wait on one connection for an earlier answer, at most: each is held in memory. */
const MOST_WAITING = 100
/** How long a refused client may keep sending: closing at once would reset the connection before it has read why. */
const LINGER_MS = 1000
/** Longer than any scraper pauses between two requests. */
const KEEP_ALIVE_MS = 72_000

/** A request of a connection, and what is done when its turn has come. */
interface Turn {
  request: IncomingMessage
  response: ServerResponse
  begin(): void
}

/** What Node says of bytes that its parser refused. */
interface ClientError extends Error {
  code?: string | undefined
  rawPacket?: unknown
}

/** Makes an encrypted connection of one that was accepted, or closes it. */
export interface Securing {
  secure(socket: Socket, secured: (socket: Duplex) => void): void
}

export interface EdgeOptions {
  /** Default: as many connections as there can be, and Node's own patience. */
  limits?: EdgeLimits | undefined
  /** Default: connections are not encrypted. */
  securing?: Securing | undefined
}

/** One server. Its creator hands `clientError` on to `refuseClient`, which is Fastify's way. */
export class EdgeServer {
  readonly server: Server
  /** Of each connection: the request that is being answered, and those behind it. */
  readonly #turns = new WeakMap<Duplex, Turn[]>()
  readonly #refused = new WeakSet<Duplex>()
  /** As they were accepted, before anything is decrypted. */
  readonly #connections = new Set<Socket>()

  constructor(handler: RequestListener, { limits, securing }: EdgeOptions = {}) {
    const options: ServerOptions = {
      requireHostHeader: false, // a missing Host is answered by us
      keepAliveTimeout: KEEP_ALIVE_MS,
      ...(limits === undefined
        ? {}
        : {
            headersTimeout: limits.headersMs,
            requestTimeout: limits.requestMs,
            connectionsCheckingInterval: CHECKED_EVERY_MS,
          }),
    }
    this.server = http.createServer(options, (request, response) =>
      this.#take({ request, response, begin: () => handle(request, response, handler) }),
    )
    this.server.on('checkExpectation', (request, response) =>
      this.#take({
        request,
        response,
        begin: () => answer(response, 417, 'Only Expect: 100-continue is supported here'),
      }),
    )
    this.server.on('connect', (_request, socket) =>
      refuse(socket, 405, 'CONNECT is for proxies', 'allow: GET, HEAD\r\n'),
    )
    if (limits !== undefined || securing !== undefined) this.#admit(limits, securing)
    // Until it listens, its errors are handled by the caller of listen().
    this.server.once('listening', () => this.server.on('error', complaint()))
  }

  /** Ends connections at once, those too that have not got as far as a request. */
  destroy(): void {
    for (const socket of this.#connections) socket.destroy()
  }

  /** Stands before Node's own handling of a new connection. */
  #admit(limits: EdgeLimits | undefined, securing: Securing | undefined): void {
    const { server } = this
    const serving = server.listeners('connection')
    const serve = (socket: Duplex): void => {
      for (const listener of serving) listener.call(server, socket)
    }
    server.removeAllListeners('connection')
    if (limits !== undefined) server.maxConnections = limits.connections + MOST_REFUSED
    server.on('connection', (socket: Socket) => {
      if (limits !== undefined && this.#connections.size >= limits.connections) {
        server.closeIdleConnections()
        for (const open of this.#connections) if (open.destroyed) this.#connections.delete(open)
        if (this.#connections.size >= limits.connections) {
          const sentence = `There are ${limits.connections} connections already, and no more are taken: ${limits.remedy}`
          if (securing === undefined) refuse(socket, 503, sentence)
          else socket.destroy()
          return
        }
      }
      this.#connections.add(socket)
      socket.once('close', () => this.#connections.delete(socket))
      if (securing === undefined) serve(socket)
      else securing.secure(socket, serve)
    })
  }

  /**
   * Answers requests of one connection in turn. Node would begin all of them at once and keep in memory what cannot be sent
   * yet, and a response that has had no turn would never learn that its client has gone away.
   */
  #take(turn: Turn): void {
    const { request, response } = turn
    const { socket } = request
    const turns = this.#turns.get(socket) ?? []
    this.#turns.set(socket, turns)
    turns.push(turn)
    response.on('error', () => {}) // the client has gone away
    response.once('close', () => {
      turns.shift()
      if (!socket.destroyed && !this.#refused.has(socket)) turns[0]?.begin()
    })
    if (turns.length === 1) turn.begin()
    else if (turns.length > MOST_WAITING) socket.destroy()
  }

  /** Answers what is not a request, once the answer that is under way has gone out. What waits behind that is dropped. */
  refuseClient(error: ClientError, socket: Socket): void {
    const { request, response } = this.#turns.get(socket)?.[0] ?? {}
    const ended = response?.writableEnded === true
    if (error.code === 'ECONNRESET' || !socket.writable || (response?.headersSent === true && !ended)) {
      socket.destroySoon() // the client is gone, or an answer has already begun
      return
    }
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    // An answer that waits for the rest of its own request would wait for ever.
    if (ended || request?.complete === true) response?.once('close', () => refuse(socket, ...refusal(error)))
    else refuse(socket, ...refusal(error))
  }
}

function handle(request: IncomingMessage, response: ServerResponse, handler: RequestListener): void {
  const objection = objectionTo(request)
  if (objection !== undefined) {
    answer(response, 400, objection)
    return
  }
  request.url = originForm(request)
  try {
    handler(request, response)
  } catch (error) {
    console.error(describeError(error))
    if (response.headersSent) response.destroy()
    else answer(response, 500, faultOfOurOwn)
  }
}

/** What is said of a fault whose cause is for the log alone. */
export const faultOfOurOwn = 'Something went wrong inside this service: see its log'

/** RFC 9112, 3.2: a request without Host, or with two, is answered with 400. HTTP/1.0 knows no Host. */
function objectionTo({ rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length
  if (hosts > 1) return 'The request has more than one Host header'
  return hosts === 0 && httpVersion === '1.1' ? 'The request has no Host header' : undefined
}

/** What is asked for as everybody here expects it: a path. A client that takes us for a proxy sends a whole address. */
function originForm({ url = '/', method }: IncomingMessage): string {
  if (url === '*' && method === 'OPTIONS') return '/'
  return url.replace(/^https?:\/\/[^/?#]*\/?/i, '/')
}

/** Answers with a sentence and ends the connection, whose other bytes cannot be trusted. */
function answer(response: ServerResponse, status: number, sentence: string): void {
  const body = JSON.stringify({ error: sentence })
  const headers = { 'content-type': jsonType, 'content-length': Buffer.byteLength(body), connection: 'close' }
  response.writeHead(status, headers).end(body)
}

const jsonType = 'application/json; charset=utf-8'

/** Answers what is not a request that can be answered, and ends its connection. */
export function refuse(socket: Duplex, status: number, sentence: string, headers = ''): void {
  socket.on('error', () => {}) // the client may leave before the answer
  const body = JSON.stringify({ error: sentence })
  const head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${jsonType}\r\n`
  if (socket.writable) socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`)
  socket.resume()
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

function refusal({ code, rawPacket }: ClientError): [status: number, sentence: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, `The address and headers of the request are larger than ${http.maxHeaderSize / 1024} KiB`]
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'The chunk extensions of the body are too long']
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'The request was not complete in time']
    default:
      return [
        400,
        Buffer.isBuffer(rawPacket) && rawPacket[0] === TLS_HANDSHAKE
          ? 'This port speaks HTTP, not HTTPS'
          : 'This is not an HTTP/1.1 request',
      ]
  }
}

/** The first byte of a TLS record that begins a handshake (RFC 8446, 5.1). */
export const TLS_HANDSHAKE = 22

/** Once accepting fails it fails again and again, e.g. when the process cannot open any more files: reported once. */
function complaint(): (error: NodeJS.ErrnoException) => void {
  const said = new Set<string | undefined>()
  return (error) => {
    const { code } = error
    if (!said.has(code)) console.error(`Cannot accept connections: ${reasonOf(error) ?? 'for an unknown reason'}`)
    said.add(code)
  }
}
