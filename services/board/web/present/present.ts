/** For the back row: one accept queue over the whole window, its numbers as large as they can be. */
import { duration, number, whole } from '#common/quantities.ts'
import { longestLagMs, switchNames } from '#live/names.ts'
import { waitInWords } from '#live/reading.ts'
import type { LiveState, ShardView } from '#live/state.ts'
import { html, say, set, svg } from '../page/dom.ts'
import type { Outcome } from '../panel/orders.ts'
import type { Age } from '../picture/ages.ts'
import { LargeTank } from './large-tank.ts'

export interface PresentHandlers {
  onSelect(shard: number): void
  onToggle(shard: ShardView): void
}

/** Beyond these there are arrow keys. */
const MOST_BUTTONS = 16

export class Present {
  readonly #handlers: PresentHandlers
  readonly #choice = html('div', { class: 'present-choice', role: 'group', 'aria-label': 'Shard shown' })
  readonly #picture = svg('svg', {
    class: 'picture',
    viewBox: '0 0 400 440',
    role: 'img',
    'aria-label': 'The accept queue as a tank',
  })
  readonly #title = html('h2', {})
  readonly #figures = {
    dropped: new Figure('dropped', 'dropped'),
    waiting: new Figure('waiting'),
    oldest: new Figure('oldest'),
    accepts: new Figure('accepts'),
  }
  readonly #stall = html('button', { type: 'button', class: 'plain' })
  readonly #told = html('p', { class: 'told', role: 'status' })
  #tank: LargeTank | undefined
  #shards: number[] = []
  #selected = 1
  #shown: ShardView | undefined

  constructor(root: HTMLElement, handlers: PresentHandlers) {
    this.#handlers = handlers
    this.#stall.addEventListener('click', () => {
      if (this.#shown !== undefined) handlers.onToggle(this.#shown)
    })
    const { dropped, waiting, oldest, accepts } = this.#figures
    root.replaceChildren(
      html('div', { class: 'present-head' }, this.#title, this.#choice),
      this.#picture,
      html(
        'div',
        { class: 'present-figures' },
        ...[dropped, waiting, oldest, accepts].map(({ element }) => element),
        html('div', { class: 'present-switch' }, this.#stall, this.#told),
      ),
    )
  }

  select(shard: number): void {
    if (shard > 0) this.#selected = shard
  }

  tell({ done, words }: Outcome): void {
    say(this.#told, words)
    set(this.#told, 'class', done ? 'told' : 'told bad')
  }

  draw({ shards, moved, mode }: LiveState, ages: ReadonlyMap<number, Age>): void {
    this.#offer(shards.map(({ shard }) => shard))
    const shard = shards.find(({ shard }) => shard === this.#selected) ?? shards[0]
    if (shard === undefined) return
    if (this.#tank?.shard !== shard.shard) {
      this.#tank = new LargeTank(shard.shard)
      this.#picture.replaceChildren(...this.#tank.elements)
    }
    this.#shown = shard
    const overflowing = moved.some(({ name }) => name === 'ListenOverflows')
    const age = ages.get(shard.shard)
    this.#tank.draw(shard, age, overflowing)
    say(this.#title, mode === 'sharded' ? `Accept queue of shard ${shard.shard}` : 'Accept queue')
    this.#drawFigures(shard)
  }

  #drawFigures(shard: ShardView): void {
    const { dropped, waiting, oldest, accepts } = this.#figures
    const open = shard.state === 'listening'
    const drops = open ? shard.dropsPerSecond : 0
    dropped.draw(drops === 0 ? '' : drops < 0.5 ? '<1/s' : `${whole(drops)}/s`, 'dropped')
    waiting.draw(
      open ? number(shard.length) : shard.state,
      open ? `of ${number(shard.limit + 1)} ${shard.length === 1 ? 'waits' : 'wait'} for accept()` : 'no queue',
    )
    const waits = open && shard.length > 0
    oldest.draw(waits ? waitInWords(shard.oldestWait) : '', 'the oldest has waited')
    const lag = longestLagMs(shard)
    if (shard.stalled) accepts.draw('stalled', lag === undefined ? '' : duration(lag), 'bad')
    else
      accepts.draw(open && shard.acceptsPerSecond !== undefined ? `${whole(shard.acceptsPerSecond)}/s` : '', 'accepts')
    say(this.#stall, shard.stalled ? switchNames.release : switchNames.stall)
    this.#stall.disabled = shard.state === 'down'
    for (const button of this.#choice.children)
      set(button, 'aria-pressed', String(button.textContent === String(shard.shard)))
  }

  #offer(shards: number[]): void {
    if (shards.join() === this.#shards.join()) return
    this.#shards = shards
    this.#choice.replaceChildren(
      ...(shards.length > 1 ? shards.slice(0, MOST_BUTTONS) : []).map((shard) => {
        const button = html('button', { type: 'button', class: 'plain', 'aria-label': `Shard ${shard}` }, String(shard))
        button.addEventListener('click', () => this.#handlers.onSelect(shard))
        return button
      }),
    )
  }
}

/** A number and what it counts. */
class Figure {
  readonly element: HTMLElement
  readonly #number = html('b')
  readonly #words = html('span')
  readonly #name: string

  constructor(name: string, words = '') {
    this.#name = name
    say(this.#words, words)
    this.element = html('p', { class: name }, this.#number, ' ', this.#words)
  }

  draw(number: string, words: string, more = ''): void {
    this.element.hidden = number === ''
    say(this.#number, number)
    say(this.#words, words)
    set(this.element, 'class', more === '' ? this.#name : `${this.#name} ${more}`)
  }
}
