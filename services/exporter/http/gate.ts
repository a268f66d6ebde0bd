/** What a request must pass before it is answered: the web configuration, and the guard against other sites. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusalOfRead } from '#common/edge/guard.ts'
import { ownNames } from '#common/edge/own-names.ts'
import type { HttpServer } from '#common/http.ts'
import { RateLimit } from '../web-config/rate-limit.ts'
import { BasicAuth } from '../web-config/users.ts'
import type { WebConfigFile } from '../web-config/web-config.ts'

export interface GateOptions {
  /** Undefined where whoever can connect is let in. */
  webConfig: WebConfigFile | undefined
  /** Nothing but /metrics is there. */
  metricsOnly: boolean
  /** Names of this host beside those that it knows itself. */
  allowedHosts: readonly string[]
  /** On a Unix socket there is no other site, and Host says nothing. */
  onUnixSocket: boolean
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/** Sets it up before any route. */
export function addGate(app: HttpServer, { webConfig, metricsOnly, allowedHosts, onUnixSocket }: GateOptions): void {
  if (webConfig !== undefined) app.addHook('onRequest', admission(webConfig))
  if (metricsOnly)
    app.addHook('onRequest', async (request, reply) => {
      if (request.is404 || isMetrics(request)) return
      return reply.code(404).send({ error: 'Only /metrics is served here (--metrics-only)' })
    })
  if (onUnixSocket) return
  const names = new Set([...ownNames(), ...allowedHosts.map((name) => name.toLowerCase())])
  app.addHook('onRequest', async (request, reply) => {
    if (isMetrics(request)) return
    const error = refusalOfRead(request.headers, names, 'to allow this name, start the exporter with --allow-host NAME')
    if (error !== undefined) return reply.code(403).send({ error })
  })
}

const isMetrics = ({ routeOptions: { url } }: FastifyRequest): boolean => url === '/metrics'

/** The toolkit's order: the configuration itself, then the rate, then the user. */
function admission(file: WebConfigFile): Hook {
  const auth = new BasicAuth()
  const rateLimit = file.current?.rateLimit
  const limiter = rateLimit && new RateLimit(rateLimit) // as in the toolkit it stays as it was at the start
  return async ({ headers }, reply) => {
    const config = file.current
    if (config === undefined)
      return reply.code(500).send({ error: 'The web configuration cannot be read: see the log of the exporter' })
    reply.headers(config.headers)
    if (limiter?.take() === false)
      return reply.code(429).send({ error: 'There are more requests than rate_limit in the web configuration allows' })
    if (config.users.size === 0) return
    switch (await auth.judge(headers.authorization, config.users)) {
      case 'admitted':
        return
      case 'busy':
        return reply
          .code(503)
          .header('retry-after', '1')
          .send({ error: 'Too many passwords wait to be checked: try again' })
      case 'refused':
        return reply
          .code(401)
          .header('www-authenticate', 'Basic realm="Spillway exporter", charset="UTF-8"')
          .send({ error: 'A user of the web configuration and the right password are needed here' })
    }
  }
}
