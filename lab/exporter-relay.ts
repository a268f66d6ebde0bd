/** The lab's way out: /metrics, /stream, /snapshot and /health of the exporter, served on the host's loopback. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusalOfRead } from '#common/edge/guard.ts'
import { ownNames } from '#common/edge/own-names.ts'
import { httpServer, listenOn } from '#common/http.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { type Endpoint, ServiceError } from './endpoint.ts'

const passedOn = [
  'content-type',
  'content-length',
  'content-encoding',
  'vary',
  'x-spillway-age-seconds',
  'x-spillway-read-now',
]
const served = ['/', '/metrics', '/stream', '/snapshot', '/health']

/** A server on the host that passes reads on to the lab's exporter. */
export class ExporterRelay {
  readonly #app: ReturnType<typeof httpServer>
  /** Where it is reached, e.g. `http://127.0.0.1:10511`. */
  readonly url: string

  private constructor(app: ReturnType<typeof httpServer>, url: string) {
    this.#app = app
    this.url = url
  }

  /**
   * Takes the address at once, so that a taken one (a UsageError that names `option`) is known before a lab starts;
   * `exporter` is asked for at each request.
   */
  static async open(
    target: ListenTarget,
    exporter: () => Endpoint | undefined,
    option: string,
  ): Promise<ExporterRelay> {
    const app = httpServer()
    const names = ownNames()
    app.addHook('onRequest', async (request, reply) => {
      if ('path' in target || request.routeOptions.url === '/metrics') return
      const error = refusalOfRead(request.headers, names, 'open it by one of these')
      if (error !== undefined) return reply.code(403).send({ error })
    })
    for (const path of served) app.get(path, (request, reply) => pass(request, reply, exporter()))
    const real = await listenOn(app, target, option)
    return new ExporterRelay(app, 'path' in real ? formatListen(real) : `http://${formatListen(real)}`)
  }

  close(): Promise<void> {
    return this.#app.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function pass(request: FastifyRequest, reply: FastifyReply, exporter: Endpoint | undefined) {
  if (exporter === undefined) return reply.code(503).send({ error: 'The lab is starting' })
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  try {
    const answer = await exporter.open(request.method, request.url, undefined, gone.signal, {
      accept: request.headers.accept ?? '*/*',
      'accept-encoding': String(request.headers['accept-encoding'] ?? 'identity'),
    })
    for (const name of passedOn) {
      const value = answer.headers[name]
      if (value !== undefined) reply.header(name, value)
    }
    return reply.code(answer.statusCode ?? 502).send(answer)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return reply.code(503).send({ error: 'The exporter of this lab does not answer' })
  }
}
