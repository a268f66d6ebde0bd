/** Fastify as all our edges have it. */
import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import { describeError } from '../errors.ts'
import { type EdgeOptions, EdgeServer } from './server.ts'
import { nothingAt, refusalOf } from './words.ts'

const unused = (): never => {
  throw new Error('No schema compiler of Fastify is loaded: set one, or give the route no schema')
}

/**
 * A Fastify instance that answers every request, however odd, with its resource or with `{ error }` in words: 404, 405
 * with `Allow`, 400, 413, 415, 431. Nothing is logged unless it is a fault of our own. Closing it ends open streams too.
 * Fastify's two schema compilers (ajv, fast-json-stringify) stay unloaded, since they cost more than all the rest of
 * making an instance: a route has no schema, or the instance gets compilers of its own.
 */
export function edgeApp(options: EdgeOptions = {}) {
  let edge: EdgeServer | undefined
  const app = Fastify({
    logger: false,
    schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
    forceCloseConnections: true,
    serverFactory: (handler) => {
      edge = new EdgeServer(handler, options)
      return edge.server
    },
    clientErrorHandler: (error, socket) => edge?.refuseClient(error, socket),
    frameworkErrors: refuse,
  })
  app.setErrorHandler(refuse)
  app.addHook('preClose', (done) => {
    edge?.destroy()
    done()
  })
  // Before a body is read: what is not there is not there, whatever is sent to it.
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (!request.is404) return done(null, payload)
    const allowed = app.supportedMethods.filter((method) => app.findRoute({ method, url: request.url }) !== null)
    if (allowed.length === 0) return reply.code(404).send({ error: nothingAt(request.url) })
    const sentence = `${request.method} is not allowed here, only ${allowed.join(', ')}`
    return reply.code(405).header('allow', allowed.join(', ')).send({ error: sentence })
  })
  return app
}

function refuse(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, sentence, ...more } = refusalOf(error)
  // A client that has gone away gets no answer, and that it has gone away is not a fault.
  if (status >= 500 && !reply.raw.destroyed) console.error(describeError(error))
  reply.code(status).send({ error: sentence, ...more }) // as JSON, without what is undefined
}
