import fc from 'fast-check'
import type { Static, TSchema } from 'typebox'
import Value from 'typebox/value'

/** As much of JSON Schema as the schemas of our HTTP edges use. */
interface Schema {
  const?: string | number | boolean
  type?: string
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  required?: string[]
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
}

/** Names of which something is told, among any others: most of a snapshot would else be of no consequence. */
const names = fc.oneof(
  ...[
    'ListenOverflows',
    'ListenDrops',
    'TCPReqQFullDrop',
    'TCPReqQFullDoCookies',
    'SyncookiesSent',
    'EmbryonicRsts',
  ].map((name) => fc.constant(`TcpExt_${name}`)),
  ...['TCPMigrateReqSuccess', 'TCPDeferAcceptDrop'].map((name) => fc.constant(`TcpExt_${name}`)),
  ...['Tcp_PassiveOpens', 'established', '__proto__', ''].map((name) => fc.constant(name)),
  fc.string(),
)

/** Any value that the schema allows, none below zero unless it says so; small ones and equal ones more often than chance would have them. */
export function arbitraryOf<Type extends TSchema>(schema: Type): fc.Arbitrary<Static<Type>> {
  return valuesOf(schema).filter((value): value is Static<Type> => Value.Check(schema, value))
}

function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valuesOf))
  const min = schema.minimum ?? schema.exclusiveMinimum ?? 0
  const max = schema.maximum ?? Number.MAX_SAFE_INTEGER
  switch (schema.type) {
    case 'string':
      return fc.oneof(fc.constantFrom('', '1', '2'), fc.string())
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'integer':
      return fc.oneof(fc.constantFrom(0, 1, 2, 128, 129, 8080), fc.integer({ min: Math.ceil(min), max }))
    case 'number':
      return fc.oneof(fc.constantFrom(0, 0.5, 1000), fc.double({ min, max, noNaN: true }))
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}), { maxLength: 4 })
    case 'object':
      return objectsOf(schema)
    default:
      throw new Error(`No values for ${JSON.stringify(schema)}`)
  }
}

function objectsOf({ properties = {}, patternProperties, required = [] }: Schema): fc.Arbitrary<unknown> {
  const [pattern] = Object.values(patternProperties ?? {})
  if (pattern !== undefined) return fc.dictionary(names, valuesOf(pattern), { maxKeys: 8 })
  const fields = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, valuesOf(field)]))
  return fc.record(fields, { requiredKeys: required })
}
