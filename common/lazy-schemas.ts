import type { TSchema } from 'typebox'

const load = Symbol('load')

/** Stands for a schema of a module that is not loaded yet. Fastify hands it on as it is, since it has a `type`. */
interface LazySchema {
  readonly type: 'lazy'
  readonly [load]: () => unknown
}

/**
 * A module of schemas, without loading it. TypeBox is several hundred files, a third of a service's start; nobody needs
 * them before the first request that has to be checked. Only for routes of `httpServer`, whose validator loads what it meets.
 */
export function lazySchemas<Module extends object>(loadModule: () => Module): Module {
  const stand = (name: string | symbol): LazySchema => ({ type: 'lazy', [load]: () => Reflect.get(loadModule(), name) })
  return new Proxy(Object.create(null), { get: (_, name) => stand(name) })
}

/** The schema itself, loaded now if it was not. */
export function loadedSchema(schema: TSchema | LazySchema): TSchema {
  return load in schema ? (schema[load]() as TSchema) : schema
}
