/** What every HTTP edge shares: Fastify with TypeBox schemas, errors that name the field, TCP or Unix listening. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { edgeApp } from './edge/app.ts'
import type { EdgeOptions } from './edge/server.ts'
import { loadedSchema } from './lazy-schemas.ts'
import { convert, firstProblem } from './validate.ts'

export { listenOn } from './edge/listen.ts'

/**
 * An edge (see edge/app.ts) whose routes have TypeBox schemas. A wrong body is answered with 400 and `{ error, field }`,
 * what the caller must fix elsewhere (a UsageError) with 409.
 */
export function httpServer(options: EdgeOptions = {}) {
  return edgeApp(options)
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(validatorCompiler)
    .setSerializerCompiler(() => JSON.stringify)
    .setSchemaErrorFormatter(([problem], part) => {
      const field = problem?.instancePath.replaceAll('/', '.').slice(1)
      return new Error(`${field || (part === 'body' ? 'The body' : 'The query')} ${problem?.message}`)
    })
}

/** Holds a request against its schema. Only what comes as text (query, path, headers) is converted first. */
const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema: given, httpPart }) => {
  return (received: unknown) => {
    // Query fields are optional throughout, so an empty query is right without a look at its schema.
    if (httpPart === 'querystring' && Object.keys(received ?? {}).length === 0) return { value: received }
    const schema = loadedSchema(given)
    const value = httpPart === 'body' ? received : convert(schema, received)
    const problem = firstProblem(schema, value)
    if (problem === undefined) return { value }
    const instancePath = problem.field === '' ? '' : `/${problem.field.replaceAll('.', '/')}`
    return { error: [{ keyword: '', instancePath, schemaPath: '', params: {}, message: problem.message }] }
  }
}

export type HttpServer = ReturnType<typeof httpServer>
