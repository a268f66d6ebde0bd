import assert from 'node:assert/strict'
import test from 'node:test'
import { type Point, thin } from './thin.ts'

const series = (values: readonly number[]): Point[] => values.map((v, t) => ({ t, v }))

/** Restless enough that no two neighbours are the same. */
const noise = (count: number): Point[] => series(Array.from({ length: count }, (_, at) => (at * 7919) % 13))

test('a peak of a single sample survives, and so does a dip', () => {
  const points = noise(100_000)
  points[54_321]!.v = 900
  points[77_777]!.v = -900
  const thinned = thin(points, 300)
  assert.ok(thinned.length <= 4 * 301)
  assert.ok(thinned.some(({ t, v }) => t === 54_321 && v === 900))
  assert.ok(thinned.some(({ t, v }) => t === 77_777 && v === -900))
})

test('order, first and last point stay', () => {
  const points = noise(50_000)
  const thinned = thin(points, 100)
  assert.deepEqual(thinned[0], points[0])
  assert.deepEqual(thinned.at(-1), points.at(-1))
  assert.ok(thinned.every(({ t }, at) => at === 0 || t > thinned[at - 1]!.t))
})

test('what only repeats is left out, its ends are not', () => {
  const points = series([0, 0, 0, 0, 5, 5, 5, 0, 0])
  assert.deepEqual(
    thin(points, 100).map(({ t }) => t),
    [0, 3, 4, 6, 7, 8],
  )
})

test('few points are all kept', () => {
  const points = noise(399)
  assert.deepEqual(thin(points, 100), points)
})

test('a gap stays a gap', () => {
  const points = noise(10_000)
  points[5000]!.v = Number.NaN
  assert.ok(thin(points, 50).some(({ t, v }) => t === 5000 && Number.isNaN(v)))
  assert.equal(thin(series([Number.NaN, Number.NaN, Number.NaN, Number.NaN]), 1).length, 2)
})

test('nothing is thinned to nothing, and one moment is one column', () => {
  assert.deepEqual(thin([], 100), [])
  const values = Array.from({ length: 50 }, (_, at) => ({ t: 5, v: at % 2 === 0 ? at : -at }))
  assert.deepEqual(new Set(thin(values, 2).map(({ v }) => v)), new Set([0, 48, -49]))
})
