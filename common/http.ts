/** What every HTTP edge shares: Fastify with TypeBox schemas, errors that name the field, TCP or Unix listening. */
import fs from 'node:fs'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyError, type FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { UsageError } from './errors.ts'
import { loadedSchema } from './lazy-schemas.ts'
import { leanFastify } from './lean-fastify.ts'
import { formatListen, type ListenTarget } from './parse.ts'
import { convert, firstProblem } from './validate.ts'

/**
 * A Fastify instance for a control API. A wrong body is answered with 400 and `{ error, field }`, what the caller must
 * mend elsewhere (a UsageError) with 409; nothing is logged unless it is a fault of our own. Closing it ends open
 * streams too.
 */
export function httpServer() {
  const app = Fastify({ ...leanFastify, forceCloseConnections: true })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(validatorCompiler)
    .setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? (error instanceof UsageError ? 409 : 500)
    const problem = error.validation?.[0]
    const field = problem?.instancePath?.replaceAll('/', '.').replace(/^\./, '')
    if (status >= 500) console.error(error)
    return reply.code(status).send({ error: error.message, ...(field ? { field } : {}) })
  })
  return app
}

/** Holds a request against its schema. Only what comes as text (query, path, headers) is converted first. */
const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema: given, httpPart }) => {
  return (received: unknown) => {
    const schema = loadedSchema(given)
    const value = httpPart === 'body' ? received : convert(schema, received)
    const problem = firstProblem(schema, value)
    if (problem === undefined) return { value }
    const instancePath = problem.field === '' ? '' : `/${problem.field.replaceAll('.', '/')}`
    return { error: [{ keyword: '', instancePath, schemaPath: '', params: {}, message: problem.message }] }
  }
}

export type HttpServer = ReturnType<typeof httpServer>

/** Listens and gives the target with the real port. A taken port becomes a UsageError that says so. */
export async function listenOn(app: HttpServer, target: ListenTarget, option = '--listen'): Promise<ListenTarget> {
  if ('path' in target) {
    const left = fs.lstatSync(target.path, { throwIfNoEntry: false })
    // A socket that an ended process left behind may go; a file is somebody's.
    if (left !== undefined && !left.isSocket())
      throw new UsageError(`${formatListen(target)} exists and is no socket`, `Choose another path with ${option}`)
    fs.rmSync(target.path, { force: true })
    await app.listen({ path: target.path })
    return target
  }
  try {
    await app.listen(target)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE')
      throw new UsageError(
        `${formatListen(target)} is taken by another process`,
        `Choose another address with ${option}, or end the other one (\`ss -Hltnp\` names it)`,
      )
    if (code === 'EADDRNOTAVAIL' || code === 'EACCES')
      throw new UsageError(
        `Cannot listen on ${formatListen(target)} (${code})`,
        `Choose another address with ${option}`,
      )
    throw error
  }
  const address = app.server.address()
  return { host: target.host, port: typeof address === 'object' && address !== null ? address.port : target.port }
}
