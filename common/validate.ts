/** Says what is wrong with a value in terms of the one field that the writer must change. */
import { createRequire } from 'node:module'
import type { Static, TObject, TSchema, TUnion, Type } from 'typebox'

const require = createRequire(import.meta.url)
let loaded: typeof import('typebox/value') | undefined
let kinds: typeof Type | undefined

/** The checker of TypeBox. Loading it takes a fifth of a service's start, so the first request to be checked does it. */
function checker(): typeof import('typebox/value') {
  loaded ??= load<typeof import('typebox/value')>('typebox/value')
  return loaded
}

/** What tells the kinds of schemas apart. */
function kind(): typeof Type {
  kinds ??= load<typeof import('typebox')>('typebox').Type
  return kinds
}

const load = <Module>(name: string): Module => require(name)

/** A value that came as text (query, path, header), with numbers and switches made of what looks like them. */
export const convert = (schema: TSchema, value: unknown): unknown => checker().Convert(schema, value)

/** Whether a value fits its schema. `firstProblem` says why not. */
export const fits = <Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> =>
  checker().Check(schema, value)

/** A field, as `arrivals.ratePerSecond` (empty for the whole value), and what it must be. */
export interface Problem {
  field: string
  message: string
}

/**
 * The first problem of a value, or undefined if it fits the schema. In a union of objects that one literal property
 * tells apart, only the form that the value itself names is held against it; where none does, the first that it has begun.
 */
export function firstProblem(schema: TSchema, value: unknown, field = ''): Problem | undefined {
  if (checker().Check(schema, value)) return undefined
  return (
    insideProblem(schema, value, field) ?? { field, message: checker().Errors(schema, value)[0]?.message ?? 'is wrong' }
  )
}

function insideProblem(schema: TSchema, value: unknown, field: string): Problem | undefined {
  if (kind().IsUnion(schema)) return unionProblem(schema, value, field)
  if (kind().IsObject(schema) && isRecord(value)) return objectProblem(schema, value, field)
  if (!kind().IsArray(schema) || !Array.isArray(value)) return undefined
  return firstOf(value, (item, index) => firstProblem(schema.items, item, below(field, String(index))))
}

function objectProblem(schema: TObject, value: Record<string, unknown>, field: string): Problem | undefined {
  const known = Object.entries<TSchema>(schema.properties)
  const names = known.map(([name]) => name)
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined && 'additionalProperties' in schema && schema.additionalProperties === false)
    return { field: below(field, unknown), message: `is unknown; the known fields are ${names.join(', ')}` }
  return firstOf(known, ([name, property]) => {
    if (Object.hasOwn(value, name)) return firstProblem(property, value[name], below(field, name))
    return schema.required?.includes(name) ? { field: below(field, name), message: 'is missing' } : undefined
  })
}

function unionProblem(schema: TUnion, value: unknown, field: string): Problem {
  const literals = schema.anyOf.filter(kind().IsLiteral)
  if (literals.length === schema.anyOf.length)
    return { field, message: oneOf(literals.map((literal) => literal.const)) }
  const forms = schema.anyOf.filter(kind().IsObject)
  const tag = Object.keys(forms[0]?.properties ?? {}).find((name) => forms.every((form) => literalOf(form, name)))
  const none = { field, message: 'has none of the allowed forms' }
  if (!isRecord(value)) return none
  if (tag === undefined) {
    const begun = forms.find(({ required }) => required?.some((name) => Object.hasOwn(value, name)))
    return (begun && firstProblem(begun, value, field)) ?? none
  }
  const named = forms.find((form) => literalOf(form, tag)?.const === value[tag])
  const allowed = forms.map((form) => literalOf(form, tag)?.const)
  return (named && firstProblem(named, value, field)) ?? { field: below(field, tag), message: oneOf(allowed) }
}

function literalOf(form: TObject, name: string) {
  const property = form.properties[name]
  return property !== undefined && kind().IsLiteral(property) ? property : undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const below = (field: string, name: string): string => (field === '' ? name : `${field}.${name}`)

const oneOf = (values: unknown[]): string => `must be one of ${values.map((value) => JSON.stringify(value)).join(', ')}`

function firstOf<Item>(items: Item[], look: (item: Item, index: number) => Problem | undefined): Problem | undefined {
  for (const [index, item] of items.entries()) {
    const problem = look(item, index)
    if (problem !== undefined) return problem
  }
  return undefined
}
