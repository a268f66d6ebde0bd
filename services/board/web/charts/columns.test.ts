import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../../../test/support/properties.ts'
import { ColumnKeeper } from './columns.ts'
import type { Curve } from './kinds.ts'
import type { Point } from './series.ts'

const curves: Curve[] = [
  { colour: 0, name: 'arrivals', of: ({ arrivals }) => arrivals },
  { colour: 1, name: 'half-open', of: ({ halfOpen }) => halfOpen },
]
const points = Array.from(
  { length: 60 },
  (_, index): Point => ({
    sequence: index,
    timeMs: index * 100,
    fill: [],
    drops: [],
    accepts: [],
    waits: [],
    oldestWaitMs: null,
    halfOpen: index % 7 === 0 ? null : index,
    halfOpenLimit: null,
    arrivals: index * 2,
  }),
)

test('whatever stretches of time are drawn one after another, the columns are those of the points', () => {
  const stretch = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 8 }), (stretches) => {
      const keeper = new ColumnKeeper(curves)
      for (const [from, to] of stretches) {
        const shown = points.slice(from, to)
        assert.deepEqual(keeper.of(shown), [
          shown.map(({ timeMs }) => timeMs / 1000),
          shown.map(({ arrivals }) => arrivals),
          shown.map(({ halfOpen }) => halfOpen),
        ])
      }
    }),
  )
})

test('what is below the lowest value of an axis is drawn at it, and what is unknown stays so', () => {
  assert.deepEqual(new ColumnKeeper(curves, 5).of(points.slice(0, 4)), [
    [0, 0.1, 0.2, 0.3],
    [5, 5, 5, 6],
    [null, 5, 5, 5],
  ])
})
