/**
 * The picture: fits the journey of a connection into the page. It is built once for a number of shards; each state then
 * only moves what has changed. Every figure is that of the last sample.
 */
import type { LiveState } from '#live/state.ts'
import { set, svg } from '../page/dom.ts'
import { Ages } from './ages.ts'
import { fallGradient } from './drops.ts'
import { Journey } from './journey.ts'
import type { PictureHandlers } from './lane.ts'
import { HEIGHT, type Layout, LEAST_WIDTH, layoutOf } from './layout.ts'

export class Picture {
  readonly element: SVGSVGElement
  /** The present layout, in the units of the SVG. */
  layout: Layout
  readonly #handlers: PictureHandlers
  #ages = new Ages()
  #shape = ''
  #state: LiveState | undefined
  #journey: Journey | undefined
  #selected = 1

  constructor(handlers: PictureHandlers) {
    this.#handlers = handlers
    this.layout = layoutOf(LEAST_WIDTH, [1])
    this.element = svg('svg', { class: 'picture', role: 'group', 'aria-label': 'Queues of the shared port' })
  }

  /** Fits the picture into a width and at most a height, in pixels. */
  resize(widthPx: number, mostHeightPx: number): void {
    const scale = Math.min(widthPx / LEAST_WIDTH, mostHeightPx / HEIGHT)
    const width = Math.round(widthPx / scale)
    if (width === this.layout.width && this.#journey !== undefined) return
    this.layout = { ...this.layout, width }
    this.#shape = ''
    set(this.element, 'viewBox', `0 0 ${width} ${HEIGHT}`)
    if (this.#state !== undefined) this.draw(this.#state)
  }

  select(shard: number): void {
    this.#selected = shard
    for (const lane of this.#journey?.lanes ?? []) lane.select(lane.shard === shard && this.layout.lanes.length > 1)
  }

  /** What is drawn next does not follow what was drawn last: it is of another lab, or of an earlier moment. */
  forget(): void {
    this.#ages = new Ages()
    this.#state = undefined
  }

  draw(state: LiveState): void {
    const repeated = state.sequence === this.#state?.sequence
    this.#state = state
    const processes = state.shards.map((shard) => Math.max(1, shard.processes.length, state.mode === 'shared' ? 1 : 0))
    const shape = `${this.layout.width}/${state.shards.map(({ shard }, index) => `${shard}:${processes[index]}`).join()}`
    if (shape !== this.#shape || this.#journey === undefined) {
      this.#shape = shape
      this.layout = layoutOf(this.layout.width, processes)
      this.#journey = this.#build(state)
      this.select(this.#selected)
    }
    const ages = repeated ? undefined : this.#ages.see(state)
    this.#journey.draw(state, ages)
  }

  #build(state: LiveState): Journey {
    const journey = new Journey(this.layout, state, this.#handlers)
    this.element.replaceChildren(svg('defs', {}, fallGradient()), ...journey.elements)
    return journey
  }
}
