import assert from 'node:assert/strict'
import test from 'node:test'
import { Type } from 'typebox'
import { firstProblem } from './validate.ts'

const closed = { additionalProperties: false } as const
const Shape = Type.Union([
  Type.Object({ by: Type.Literal('hash') }, closed),
  Type.Object({ by: Type.Literal('random'), members: Type.Integer({ minimum: 1 }) }, closed),
])
const Whole = Type.Object(
  { shape: Shape, name: Type.Optional(Type.String()), atMs: Type.Optional(Type.Array(Type.Number({ minimum: 0 }))) },
  closed,
)
const fieldOf = (value: unknown): string | undefined => firstProblem(Whole, value)?.field

test('a value that fits has no problem', () => {
  assert.equal(firstProblem(Whole, { shape: { by: 'random', members: 3 }, atMs: [0, 1] }), undefined)
})

test('an unknown field is named, with the fields that are known', () => {
  assert.deepEqual(firstProblem(Whole, { shape: { by: 'hash' }, nmae: 'x' }), {
    field: 'nmae',
    message: 'is unknown; the known fields are shape, name, atMs',
  })
  assert.equal(fieldOf({ shape: { by: 'hash' }, constructor: 1 }), 'constructor')
})

test('a missing field is named', () => {
  assert.deepEqual(firstProblem(Whole, {}), { field: 'shape', message: 'is missing' })
})

test('a field of the wrong type or out of bounds is named with its path', () => {
  assert.equal(fieldOf({ shape: { by: 'hash' }, name: 1 }), 'name')
  assert.equal(fieldOf({ shape: { by: 'hash' }, atMs: [0, -1] }), 'atMs.1')
})

test('in a union the form that the value names is held against it', () => {
  assert.equal(fieldOf({ shape: { by: 'random' } }), 'shape.members')
  assert.equal(fieldOf({ shape: { by: 'random', members: 0 } }), 'shape.members')
  assert.equal(fieldOf({ shape: { by: 'random', members: 1, seed: 2 } }), 'shape.seed')
})

test('a union whose form is not named says which forms there are', () => {
  const problem = { field: 'shape.by', message: 'must be one of "hash", "random"' }
  assert.deepEqual(firstProblem(Whole, { shape: { by: 'cpu' } }), problem)
  assert.deepEqual(firstProblem(Whole, { shape: {} }), problem)
})

test('a value that is no object at all is a problem of the whole', () => {
  for (const value of [null, undefined, 'x', 3, [], true]) assert.equal(fieldOf(value), '')
})
