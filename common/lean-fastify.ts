import type { FastifyServerOptions } from 'fastify'

const unused = (): never => {
  throw new Error('No schema compiler of Fastify is loaded: set one, or give the route no schema')
}

/**
 * Options that keep Fastify from loading its two schema compilers (ajv, fast-json-stringify), which costs more than all
 * the rest of making an instance. For instances that have compilers of their own, or no schemas.
 */
export const leanFastify = {
  logger: false,
  schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
} as const satisfies FastifyServerOptions
