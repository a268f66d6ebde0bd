/** A process that holds a listening socket which is not ours: who it is, and whether it accepts. Nothing can be switched. */
import { number } from '#common/quantities.ts'
import type { QueueView } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import type { Box, Layout } from './layout.ts'

/** Side by side below one tank; who is left out is counted in the last. */
const MOST = 6

/** How many boxes there are below a tank that stands beside so many others. */
export const holderBoxes = (holders: readonly unknown[], lanes: number): number =>
  lanes > 1 ? 1 : Math.max(1, Math.min(MOST, holders.length))

export class Holder {
  readonly element: SVGGElement
  readonly #title: SVGTextElement
  readonly #who: SVGTextElement
  readonly #note: SVGTextElement
  readonly #index: number
  readonly #boxes: number
  readonly #letters: number

  constructor({ x, y, w, h }: Box, index: number, boxes: number, room: Layout['room']) {
    this.#index = index
    this.#boxes = boxes
    const inset = Math.min(12, w * 0.1)
    this.#letters = room === 'dense' || w < 44 ? 0 : Math.floor((w - 2 * inset) / 7.6)
    this.#title = svg('text', { x: x + inset, y: y + 20, class: 'process-name' })
    this.#who = svg('text', { x: x + inset, y: y + 38, class: 'process-note' })
    this.#note = svg('text', { x: x + inset, y: y + 54, class: 'process-note', 'data-term': 'accept' })
    this.element = svg(
      'g',
      { class: 'holder' },
      svg('rect', { x, y, width: w, height: h, rx: Math.min(9, w / 4), class: 'process' }),
      this.#title,
      this.#who,
      this.#note,
    )
  }

  draw({ holders = [], state }: QueueView): void {
    const holder = holders[this.#index]
    const others = holders.length - this.#boxes
    const isRest = this.#boxes > 1 && this.#index === this.#boxes - 1 && others > 0
    const accepts = holder?.accepts
    set(
      this.element,
      'class',
      `holder${state === 'down' || holder === undefined ? ' unseen-process' : ''}${accepts === false ? ' idle' : ''}`,
    )
    if (isRest) this.#say(`${number(others + 1)} more`, 'hold it too', '')
    else if (holder === undefined) this.#say('not seen', 'whose it is', '')
    else
      this.#say(
        holder.command === '' ? 'a process' : holder.command,
        `pid ${holder.pid}${this.#boxes === 1 && others > 0 ? ` +${number(others)}` : ''}`,
        holder.stopped
          ? 'stopped'
          : accepts === undefined
            ? ''
            : accepts
              ? 'watches it'
              : this.#letters >= 14
                ? 'does not accept'
                : 'idle',
      )
  }

  #say(title: string, who: string, note: string): void {
    say(this.#title, this.#cut(title))
    say(this.#who, this.#cut(who))
    say(this.#note, this.#cut(note))
  }

  #cut(text: string): string {
    return text.length <= this.#letters ? text : this.#letters < 3 ? '' : `${text.slice(0, this.#letters - 1)}…`
  }
}
