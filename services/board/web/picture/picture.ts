/**
 * The picture: fits the journey of a connection into the page. It is built once for a number of shards; each state then
 * only moves what has changed. Every figure is that of the last sample.
 */
import type { PictureState } from '#live/state.ts'
import { set, svg } from '../page/dom.ts'
import { type Age, Ages } from './ages.ts'
import { fallGradient } from './drops.ts'
import { Journey } from './journey.ts'
import { type PictureHandlers, takersOf } from './lane.ts'
import { fit, type Layout, layoutOf } from './layout.ts'

export class Picture {
  readonly element: SVGSVGElement
  /** The present layout, in the units of the SVG. */
  layout: Layout
  readonly #handlers: PictureHandlers
  /** How old what waits is, by shard, at the state that is drawn. */
  ages: ReadonlyMap<number, Age> = new Map()
  #ages = new Ages()
  #room = { widthPx: 1000, heightPx: Number.POSITIVE_INFINITY }
  #shape = ''
  #state: PictureState | undefined
  #journey: Journey | undefined
  #selected = 1

  constructor(handlers: PictureHandlers) {
    this.#handlers = handlers
    this.layout = layoutOf(1000, [1])
    this.element = svg('svg', { class: 'picture', role: 'group', 'aria-label': 'Queues of the shared port' })
  }

  /** Fits the picture into a width and at most a height, in pixels. */
  resize(widthPx: number, mostHeightPx: number): void {
    if (widthPx === this.#room.widthPx && mostHeightPx === this.#room.heightPx && this.#journey !== undefined) return
    this.#room = { widthPx, heightPx: mostHeightPx }
    this.#shape = ''
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

  draw(state: PictureState): void {
    const repeated = state.sequence === this.#state?.sequence
    this.#state = state
    const processes = state.shards.map((queue) => takersOf(queue, state.shards.length))
    const port = state.portView !== undefined || state.clients !== undefined
    const shape = `${state.mode}/${port}/${state.shards.map(({ shard }, index) => `${shard}:${processes[index]}`).join()}`
    if (shape !== this.#shape || this.#journey === undefined) {
      this.#shape = shape
      this.layout = fit(this.#room.widthPx, this.#room.heightPx, processes, port)
      set(this.element, 'viewBox', `0 0 ${this.layout.width} ${this.layout.height}`)
      this.#journey = this.#build(state)
      this.select(this.#selected)
    }
    if (!repeated) this.ages = this.#ages.see(state)
    this.#journey.draw(state, this.ages)
  }

  #build(state: PictureState): Journey {
    const journey = new Journey(this.layout, state, this.#handlers)
    // Whoever is at a switch with the keyboard stays at it, though the room for the picture has changed.
    const switches = this.element.getElementsByClassName('process-switch')
    const at = [...switches].findIndex((element) => element.matches(':focus'))
    this.element.replaceChildren(svg('defs', {}, fallGradient()), ...journey.elements)
    const again = switches.item(at)
    if (at >= 0 && again instanceof SVGElement) again.focus({ preventScroll: true })
    return journey
  }
}
