import assert from 'node:assert/strict'
import test from 'node:test'
import { layoutOf } from './layout.ts'

test('nothing of the picture lies on anything else or outside, from 1 to 32 shards and for shared processes', () => {
  for (const width of [1000, 1400])
    for (const processes of [[1], [4], [32], ...[2, 3, 4, 5, 8, 10, 11, 32].map((n) => Array<number>(n).fill(1))]) {
      const { lanes, gutter } = layoutOf(width, processes)
      const boxes = lanes.flatMap((lane) => lane.processes)
      for (const row of [lanes.map(({ tank }) => tank), boxes])
        for (const [index, { x, w }] of row.entries()) {
          const next = row[index + 1]?.x ?? width
          assert.ok(w > 4 && x >= gutter - 1, `${processes} at ${width}`)
          assert.ok(x + w <= next + 0.01, `${processes} at ${width}: ${x} + ${w} > ${next}`)
        }
    }
})
