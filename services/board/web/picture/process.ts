/** A process that accepts, which is also the switch that stalls it. */
import { duration, number, whole } from '#common/quantities.ts'
import { longestLagMs, stateNames, switchNames } from '#live/names.ts'
import type { PictureState, ProcessView, ShardView } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import type { Box, Layout } from './layout.ts'

export class ProcessSwitch {
  readonly element: SVGGElement
  readonly #box: SVGRectElement
  readonly #title: SVGTextElement
  readonly #rate: SVGTextElement
  readonly #note: SVGTextElement
  readonly #pill: SVGGElement
  readonly #pillText: SVGTextElement
  readonly #room: 'wide' | 'narrow' | 'dense'
  readonly #index: number | undefined

  constructor({ x, y, w, h }: Box, index: number | undefined, room: Layout['room'], toggle: () => void) {
    this.#index = index
    this.#room = w >= 168 ? 'wide' : w >= 60 ? 'narrow' : room === 'dense' || w < 60 ? 'dense' : 'narrow'
    this.#box = svg('rect', { x, y, width: w, height: h, rx: Math.min(9, w / 4), class: 'process' })
    const inset = Math.min(12, w * 0.1)
    // The button is in the corner beside the name, so that no time is too long for its line; in a high box below all words.
    const below = this.#room !== 'wide' && h > 80
    this.#title = svg('text', { x: x + inset, y: y + 20, class: 'process-name' })
    this.#rate = svg('text', { x: x + inset, y: y + (below ? 37 : 42), class: 'process-rate' })
    this.#note = svg('text', {
      x: x + inset,
      y: y + (below ? 51 : 57),
      class: 'process-note',
      'data-term': 'descriptor',
    })
    const pill = below
      ? { x: x + 5, y: y + h - 29, width: w - 10, height: 24 }
      : { x: x + w - 72, y: y + 6, width: 66, height: 24 }
    this.#pillText = svg('text', { x: pill.x + pill.width / 2, y: pill.y + 17, class: 'pill-text' })
    this.#pill = svg('g', { class: 'pill' }, svg('rect', { ...pill, rx: 12 }), this.#pillText)
    if (this.#room !== 'wide' && !below) set(this.#pill, 'visibility', 'hidden')
    this.element = svg(
      'g',
      { class: 'process-switch', role: 'switch', tabindex: 0 },
      this.#box,
      this.#title,
      this.#rate,
      this.#note,
      this.#pill,
    )
    this.element.addEventListener('click', toggle)
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      toggle()
    })
  }

  draw(shard: ShardView, process: ProcessView | undefined, state: PictureState): void {
    const one = this.#index === undefined
    const stalled = one ? shard.stalled : (process?.stalled ?? false)
    const down = shard.state === 'down'
    const accepts = one ? shard.acceptsPerSecond : process === undefined ? 0 : process.acceptsPerSecond
    const open = one ? shard.open : process === undefined ? 0 : process.open
    const backend = state.server?.name ?? 'backend'
    const who = one
      ? state.mode === 'sharded'
        ? `${backend} ${shard.shard}`
        : backend
      : `process ${(this.#index ?? 0) + 1}`
    set(this.element, 'aria-checked', stalled ? 'true' : 'false')
    set(this.element, 'aria-label', `${switchNames.stall} ${who}`)
    set(this.element, 'aria-disabled', down ? 'true' : undefined)
    set(this.element, 'class', `process-switch${stalled ? ' stalled' : ''}${down ? ' down' : ''}`)
    say(this.#title, this.#room === 'wide' ? who : this.#room === 'narrow' ? who.replace(`${backend} `, '') : '')
    const lag = one ? longestLagMs(shard) : process?.lagMs
    say(
      this.#rate,
      down
        ? 'down'
        : stalled
          ? this.#room === 'dense'
            ? '‖'
            : this.#room === 'wide'
              ? `${stateNames.stalled}${lag === undefined ? '' : ` ${duration(lag)}`}`
              : stateNames.stalled
          : this.#room === 'dense'
            ? ''
            : accepts === undefined
              ? ''
              : `${whole(accepts)}${this.#room === 'wide' ? ' accepts/s' : '/s'}`,
    )
    const faults = shard.faults.join(', ')
    say(
      this.#note,
      this.#room === 'dense' || down
        ? ''
        : faults !== '' && this.#room === 'wide'
          ? faults
          : open === undefined
            ? ''
            : `${number(open)} open`,
    )
    say(this.#pillText, stalled ? switchNames.release : switchNames.stall)
  }
}
