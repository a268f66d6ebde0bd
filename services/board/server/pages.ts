/** What every board serves in the same way: who is answered, which headers, the page's files, large answers compressed. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type HttpServer, httpServer } from '#common/http.ts'
import { type Asset, encodingFor } from './assets.ts'
import { refusalOfRequest } from './guard.ts'

const compress = promisify(gzip)

/** A route that ends in `*`: what stands there, decoded. */
interface Rest {
  Params: { '*': string }
}

/** What a browser may do with the page: fetch from here, and nothing else. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
}

/** As a Host header is compared with them. */
export const allowedNames = (names: readonly string[] = []): ReadonlySet<string> =>
  new Set(names.map((name) => name.toLowerCase()))

/**
 * A server that answers its own pages alone, by addresses, the names of this host and those that are allowed. `refusalOfOrder`
 * says why whatever changes something is refused.
 */
export function boardServer(
  refusalOfOrder: (request: FastifyRequest) => string | undefined,
  allowed: ReadonlySet<string> = new Set(),
): HttpServer {
  const app = httpServer()
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
    })
    // A health check of a container has no Host, and learns nothing else.
    if (request.url === '/health') return
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const refusal = refusalOfRequest(request.headers, allowed) ?? (reads ? undefined : refusalOfOrder(request))
    if (refusal !== undefined) return reply.code(403).send({ error: refusal })
  })
  return app
}

/** Serves the files of a page, which are all there is below `/`. */
export function serveAssets(app: HttpServer, assets: ReadonlyMap<string, Asset>): void {
  app.get<Rest>('/*', (request, reply) => {
    const asset = assets.get(`/${request.params['*']}`)
    if (asset === undefined) return reply.code(404).send({ error: 'There is no such page' })
    reply.headers({ etag: asset.etag, vary: 'accept-encoding' })
    if (asset.type.startsWith('text/html')) reply.headers(pageHeaders)
    if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
    const encoding = encodingFor(request.headers['accept-encoding'])
    if (encoding !== 'identity') reply.header('content-encoding', encoding)
    return reply.type(asset.type).send(asset[encoding])
  })
}

/** Large, and asked for by pages only. */
export async function sendJson(request: FastifyRequest, reply: FastifyReply, answer: object): Promise<FastifyReply> {
  reply.type('application/json')
  const json = JSON.stringify(answer)
  if (encodingFor(request.headers['accept-encoding']) === 'identity') return reply.send(json)
  return reply.header('content-encoding', 'gzip').send(await compress(json, { level: 1 }))
}
