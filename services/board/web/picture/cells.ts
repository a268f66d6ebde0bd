/** How the cells of the half-open requests lie: as many as fit in the queue, or each for several of them. Pure. */
import type { Box } from './layout.ts'

export interface CellLayout {
  cells: number
  /** Requests that one cell stands for. */
  each: number
  columns: number
  pitch: number
  size: number
}

const MOST_CELLS = 600

export function cellsOf({ w, h }: Box, capacity: number): CellLayout {
  const each = Math.max(1, Math.ceil(capacity / MOST_CELLS))
  const cells = Math.max(1, Math.ceil(capacity / each))
  // The largest square cells that fill the box.
  let rows = 1
  while (Math.ceil(cells / rows) * (h / rows) > w) rows++
  const pitch = Math.min(h / rows, 24)
  const columns = Math.min(cells, Math.max(1, Math.floor(w / pitch)))
  return { cells, each, columns, pitch, size: pitch * 0.78 }
}

/** Each number below `count` once, scattered: neighbours in the queue are none in the hash table. */
export function scatter(count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  let state = 0x2545_f491
  for (let index = count - 1; index > 0; index--) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const other = (state >>> 0) % (index + 1)
    ;[order[index], order[other]] = [order[other]!, order[index]!]
  }
  return order
}
