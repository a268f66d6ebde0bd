/** One shard: its tank, what spills from it, and the processes below that accept from it. */
import { number } from '#common/quantities.ts'
import type { Ages } from '#live/reading.ts'
import type { PictureState, QueueView, ShardView } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import { explain } from '../page/tip.ts'
import { Accepts } from './accepts.ts'
import type { Age } from './ages.ts'
import { Drops, spills } from './drops.ts'
import { Holder, holderBoxes } from './holder.ts'
import type { LaneLayout, Layout } from './layout.ts'
import { ProcessSwitch } from './process.ts'
import { shardInWords } from './shard-words.ts'
import { fillOf, Tank } from './tank.ts'

export interface PictureHandlers {
  onSelect(shard: number): void
  /** `process` is set where one of several was meant. Without it nothing can be switched: the lane is of a foreign server. */
  onToggle?(shard: ShardView, process: number | undefined): void
}

/** A box of somebody who takes from the queue. */
interface Taker {
  readonly element: SVGGElement
  draw(queue: QueueView, state: PictureState): void
}

const isBackend = (queue: QueueView): queue is ShardView => 'processes' in queue

/** How many boxes stand below a tank that is one of so many. */
export const takersOf = (queue: QueueView, lanes: number): number =>
  isBackend(queue) ? Math.max(1, queue.processes.length) : holderBoxes(queue.holders ?? [], lanes)

export class Lane {
  readonly shard: number
  readonly element: SVGGElement
  readonly #room: Layout['room']
  readonly #tank: Tank
  readonly #drops: Drops
  readonly #accepts: Accepts
  readonly #takers: Taker[]
  readonly #halfOpen: SVGElement | undefined
  #selected = false
  #last: QueueView | undefined
  #ages: Ages | undefined

  constructor(shard: number, layout: LaneLayout, picture: Layout, mode: string, handlers: PictureHandlers) {
    const { room } = picture
    this.shard = shard
    this.#room = room
    const { area, tank, processes } = layout
    this.#tank = new Tank(shard, tank, room, area.x + area.w - tank.x - tank.w - 12)
    this.#drops = new Drops(layout, picture)
    this.#accepts = new Accepts(layout)
    const { onToggle } = handlers
    this.#takers = processes.map((box, index): Taker => {
      if (onToggle === undefined) return new Holder(box, index, processes.length, room)
      const which = processes.length > 1 ? index : undefined
      const process = new ProcessSwitch(box, which, room, () => {
        const last = this.#last
        if (last !== undefined && isBackend(last) && last.state !== 'down') onToggle(last, which)
      })
      return {
        element: process.element,
        draw: (queue, state) => isBackend(queue) && process.draw(queue, queue.processes[index], state),
      }
    })
    const { tank: box } = layout
    this.#halfOpen =
      room === 'wide'
        ? svg('text', { x: box.x + box.w + 8, y: box.y - 8, class: 'lane-half-open', 'data-term': 'halfOpen' })
        : undefined
    this.element = svg(
      'g',
      { class: `lane ${room}`, 'data-shard': shard },
      svg('rect', {
        class: 'lane-area',
        x: area.x + 1,
        y: tank.y - 30,
        width: area.w - 2,
        height: area.y + area.h - tank.y + 38,
        rx: 10,
      }),
      ...this.#tank.vessel,
      this.#drops.fall,
      ...nameOf(shard, layout, room, mode),
      ...(this.#halfOpen === undefined ? [] : [this.#halfOpen]),
      ...this.#tank.figures,
      ...this.#drops.figures,
      ...this.#accepts.elements,
      ...this.#takers.map(({ element }) => element),
    )
    this.element.addEventListener('click', () => handlers.onSelect(shard))
    explain(this.element, () =>
      this.#last === undefined || this.#ages === undefined ? '' : shardInWords(this.#last, this.#ages),
    )
  }

  select(selected: boolean): void {
    this.#selected = selected
    this.element.classList.toggle('selected', selected)
  }

  draw(shard: QueueView, age: Age | undefined, overflowing: boolean, state: PictureState): void {
    this.#last = shard
    set(this.element, 'class', this.#classes(shard, overflowing))
    this.#ages = state.ages
    this.#tank.draw(shard, age)
    this.#drops.draw(shard, spills(shard, overflowing))
    this.#accepts.draw(shard)
    if (this.#halfOpen !== undefined) say(this.#halfOpen, halfOpenWords(shard, state))
    for (const taker of this.#takers) taker.draw(shard, state)
  }

  #classes(shard: QueueView, overflowing: boolean): string {
    const fill = fillOf(shard)
    return [
      `lane ${this.#room}`,
      this.#selected ? 'selected' : '',
      shard.state === 'listening' ? '' : shard.state,
      fill >= 1 ? 'full' : fill >= 0.5 ? 'half' : '',
      spills(shard, overflowing) ? 'spills' : '',
      shard.stalled ? 'stalled' : '',
    ]
      .filter((name) => name !== '')
      .join(' ')
  }
}

/** Half-open requests of this shard alone, where they are known. */
function halfOpenWords({ halfOpen }: QueueView, { shards }: PictureState): string {
  return halfOpen === undefined || shards.length === 1 ? '' : `${number(halfOpen)} half-open`
}

/** The shard's colour and name, above its tank. */
function nameOf(shard: number, { tank }: LaneLayout, room: Layout['room'], mode: string): SVGElement[] {
  const chip = svg('rect', {
    class: `chip series-${((shard - 1) % 8) + 1}`,
    x: tank.x,
    y: tank.y - 17,
    width: 9,
    height: 9,
    rx: 2,
  })
  const name = svg(
    'text',
    { x: tank.x + 14, y: tank.y - 8, class: 'lane-name', 'data-term': 'shard' },
    room !== 'wide' ? String(shard) : mode === 'sharded' ? `Shard ${shard}` : 'One socket',
  )
  if (room === 'dense') {
    set(name, 'x', tank.x + tank.w / 2)
    set(chip, 'visibility', 'hidden')
  }
  return [chip, name]
}
