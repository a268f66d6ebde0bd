/** What every HTTP edge shares: Fastify with TypeBox schemas, errors that name the field, TCP or Unix listening. */
import fs from 'node:fs'
import net from 'node:net'
import { dirname } from 'node:path'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { edgeApp } from './edge/app.ts'
import type { EdgeOptions } from './edge/server.ts'
import { UsageError } from './errors.ts'
import { loadedSchema } from './lazy-schemas.ts'
import { formatListen, type ListenTarget } from './parse.ts'
import { codeOf, reasonOf } from './system-errors.ts'
import { convert, firstProblem } from './validate.ts'

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

/** Listens and gives the target with the real port. A taken port becomes a UsageError that says so. */
export async function listenOn(app: HttpServer, target: ListenTarget, option = '--listen'): Promise<ListenTarget> {
  if ('path' in target) await freeSocket(target.path, option)
  try {
    await app.listen('path' in target ? { path: target.path } : target)
  } catch (error) {
    throw refusal(error, target, option)
  }
  if ('path' in target) return target
  const address = app.server.address()
  return { host: target.host, port: typeof address === 'object' && address !== null ? address.port : target.port }
}

/** Removes a socket that an ended process left behind. One that is in use, or any other file, is left alone. */
async function freeSocket(path: string, option: string): Promise<void> {
  if (!fs.existsSync(dirname(path)))
    throw new UsageError(`The folder of unix:${path} does not exist`, `Create it, or choose another with ${option}`)
  const left = fs.lstatSync(path, { throwIfNoEntry: false })
  if (left === undefined) return
  if (!left.isSocket())
    throw new UsageError(`unix:${path} exists and is not a socket`, `Choose another path with ${option}`)
  if (await answers(path))
    throw new UsageError(`unix:${path} is taken by another process`, `Choose another path with ${option}`)
  fs.rmSync(path, { force: true })
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = net.connect(path)
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

/** What a failed listen means to a person; other faults stay as they are. */
function refusal(error: unknown, target: ListenTarget, option: string): unknown {
  if (codeOf(error) === 'EADDRINUSE')
    return new UsageError(
      `${formatListen(target)} is taken by another process`,
      `Choose another address with ${option}, or stop the other process (\`ss -Hltnp\` names it)`,
    )
  const reason = reasonOf(error)
  if (reason === undefined) return error
  return new UsageError(`Cannot listen on ${formatListen(target)}: ${reason}`, `Choose another address with ${option}`)
}
