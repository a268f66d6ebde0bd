/** The lab's way out: /metrics, /stream, /snapshot and /health of the exporter, served on the host's loopback. */
import http from 'node:http'
import { UsageError } from '#common/errors.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'
import type { Endpoint } from './endpoint.ts'

const served = new Set(['/', '/metrics', '/stream', '/snapshot', '/health'])

/** A server on the host that passes reads on to the lab's exporter. */
export class Door {
  readonly #server: http.Server
  /** Where it is reached, e.g. `http://127.0.0.1:10511`. */
  readonly url: string

  private constructor(server: http.Server, url: string) {
    this.#server = server
    this.url = url
  }

  /** Takes the address at once, so that a taken one is known before a lab starts; `exporter` is asked for at each request. */
  static async open(target: ListenTarget, exporter: () => Endpoint | undefined, option: string): Promise<Door> {
    const server = http.createServer((request, response) => void pass(request, response, exporter()))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          `Cannot serve metrics on ${formatListen(target)}: ${reasonOf(error) ?? error.message}`,
          `${codeOf(error) === 'EADDRINUSE' ? 'Another Spillway may run already; choose' : 'Choose'} another address with ${option} 127.0.0.1:0`,
        ),
      ),
    )
    server.listen(target, resolve)
    await promise
    const address = server.address()
    const real =
      'host' in target && typeof address === 'object' && address !== null ? { ...target, port: address.port } : target
    return new Door(server, `http://${formatListen(real)}`)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function pass(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  exporter: Endpoint | undefined,
): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://door')
  if (request.method !== 'GET' || !served.has(pathname)) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Spillway: /metrics, /stream, /snapshot, /health\n')
    return
  }
  const abort = new AbortController()
  response.once('close', () => abort.abort())
  try {
    if (exporter === undefined) throw new Error('The lab is starting')
    const answer = await exporter.open('GET', `${pathname}${search}`, undefined, abort.signal)
    response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'text/plain' })
    answer.once('error', () => response.destroy())
    answer.pipe(response)
  } catch (error) {
    if (!response.headersSent) response.writeHead(503, { 'content-type': 'text/plain' })
    response.end(`${error instanceof Error ? error.message : String(error)}\n`)
  }
}
