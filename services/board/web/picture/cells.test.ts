import assert from 'node:assert/strict'
import test from 'node:test'
import { cellsOf, scatter } from './cells.ts'

test('the grid has a cell for each request that fits, or one for several, and all of it lies in its box', () => {
  const box = { x: 0, y: 0, w: 816, h: 60 }
  for (const capacity of [1, 3, 27, 129, 387, 600, 601, 12_291, 1_000_000]) {
    const { cells, each, columns, pitch } = cellsOf(box, capacity)
    assert.ok(cells * each >= capacity && (cells - 1) * each < capacity, `${capacity}`)
    assert.ok(Math.ceil(cells / columns) * pitch <= box.h + 0.01 && columns * pitch <= box.w + 0.01, `${capacity}`)
    assert.deepEqual(
      [...scatter(cells)].sort((a, b) => a - b),
      Array.from({ length: cells }, (_, index) => index),
    )
  }
})
