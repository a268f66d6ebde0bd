/** The SYN queue: half-open requests scattered over a hash table, cookies and drops when it is full. */
import { whole } from '#common/quantities.ts'
import type { PictureState } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import { type CellLayout, cellsOf, scatter } from './cells.ts'
import type { Box } from './layout.ts'

export class SynQueue {
  readonly element: SVGGElement
  readonly #box: Box
  readonly #empty = svg('path', { class: 'cells' })
  readonly #lit = svg('path', { class: 'cells lit' })
  readonly #noteNumber = svg('tspan', { class: 'note-number' })
  readonly #noteWords = svg('tspan')
  readonly #note = svg('text', { class: 'grid-note' }, this.#noteNumber, this.#noteWords)
  readonly #each = svg('text', { class: 'grid-each' })
  #key = ''
  #order: number[] = []
  #free: number[] = []
  #taken: number[] = []

  constructor(box: Box) {
    this.#box = box
    this.element = svg('g', { class: 'grid', 'data-term': 'halfOpen' }, this.#empty, this.#lit, this.#note, this.#each)
    set(this.#note, 'x', box.x + box.w)
    set(this.#note, 'y', box.y - 6)
    set(this.#each, 'x', box.x)
    set(this.#each, 'y', box.y - 6)
  }

  /** `fits` is how many requests the queue holds. */
  draw(state: PictureState, fits: number): void {
    const grid = cellsOf(this.#box, fits)
    const length = state.portView?.synQueue?.length ?? 0
    const key = `${grid.cells}/${grid.columns}/${grid.pitch}`
    if (key !== this.#key) {
      this.#key = key
      this.#order = scatter(grid.cells)
      this.#free = [...this.#order]
      this.#taken = []
      set(this.#empty, 'd', this.#path(grid, this.#order))
      set(this.#lit, 'd', '')
    }
    const wanted = Math.min(grid.cells, Math.ceil(length / grid.each))
    if (wanted !== this.#taken.length) {
      // A request that comes takes any cell, and one that goes frees any: there is no first and no last.
      while (this.#taken.length < wanted) this.#taken.push(this.#free.shift()!)
      while (this.#taken.length > wanted) {
        const [gone] = this.#taken.splice((length * 7919 + this.#taken.length * 104_729) % this.#taken.length, 1)
        this.#free.push(gone!)
      }
      set(this.#lit, 'd', this.#path(grid, this.#taken))
    }
    const full = length >= fits
    const dropped = state.moved.find(({ name }) => name === 'TCPReqQFullDrop')?.perSecond ?? 0
    const cookies = state.cookiesPerSecond
    set(this.element, 'class', `grid${full ? ' full' : ''}${dropped > 0 || cookies > 0 ? ' noted' : ''}`)
    say(this.#noteNumber, dropped > 0 ? `${whole(dropped)}` : cookies > 0 ? `${whole(cookies)}` : '')
    say(
      this.#noteWords,
      dropped > 0 ? ' SYNs dropped per second: full, no cookies' : cookies > 0 ? ' SYN cookies sent per second' : '',
    )
    set(this.#note, 'class', `grid-note${dropped > 0 ? ' bad' : ' odd'}`)
    set(this.#note, 'data-term', dropped > 0 ? 'drop' : 'cookie')
    say(
      this.#each,
      grid.each === 1
        ? 'a hash table: one cell per half-open request, completed in any order'
        : `a hash table: ${grid.each} half-open requests per cell, completed in any order`,
    )
  }

  #path({ columns, pitch, size }: CellLayout, cells: readonly number[]): string {
    const { x, y, w } = this.#box
    const step = Math.max(pitch, Math.min(w / columns, pitch * 1.6))
    return cells
      .map((cell) => {
        const left = x + (cell % columns) * step
        const top = y + Math.floor(cell / columns) * pitch
        return `M${left.toFixed(1)} ${top.toFixed(1)}h${size.toFixed(1)}v${size.toFixed(1)}h-${size.toFixed(1)}z`
      })
      .join('')
  }
}
