/**
 * SYNs over the picture, one by one as far as there is room: those that fall over the rim from the moment at which they were
 * dropped, and those that come from the clients again. Where a dot is follows from the moment alone.
 */
import { number, plural } from '#common/quantities.ts'
import type { LiveState } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import type { Layout } from '../picture/layout.ts'
import type { Past, PastEvent } from './past.ts'

/** How long a dot is on its way, in the time of the samples. */
const WAY_MS = 220
const MOST_DOTS = 24

export class Layer {
  readonly element = svg('g', { class: 'past-layer', 'aria-hidden': 'true' })
  readonly #dots = svg('path', { class: 'past-drops' })
  readonly #back = svg('path', { class: 'past-returns' })
  readonly #backNote = svg('text', { class: 'past-note back' })
  readonly #notes = svg('g')

  constructor() {
    this.element.append(this.#dots, this.#back, this.#backNote, this.#notes)
  }

  draw(past: Past, atMs: number, state: LiveState, layout: Layout): void {
    const falling = under(past.drops, atMs)
    const circles: string[] = []
    const notes = new Map<number, number>()
    for (const drop of falling) {
      const lane = state.shards.findIndex(({ shard }) => shard === drop.shard)
      const tank = layout.lanes[lane]?.tank
      if (tank === undefined) continue
      const share = (atMs - drop.atMs) / WAY_MS
      for (let dot = 0; dot < Math.min(drop.count, MOST_DOTS); dot++) {
        const x = tank.x + tank.w + 2 + share * (8 + (dot % 6) * 5)
        circles.push(circle(x, tank.y - 6 - Math.floor(dot / 6) * 7 + share * share * (tank.h + 16)))
      }
      notes.set(lane, (notes.get(lane) ?? 0) + drop.count)
    }
    set(this.#dots, 'd', circles.join(''))
    this.#notes.replaceChildren(
      ...[...notes].map(([lane, count]) => {
        const { x, y, w } = layout.lanes[lane]!.tank
        return svg('text', { class: 'past-note', x: x + w + 6, y: y - 22 }, `${number(count)} dropped`)
      }),
    )
    this.#drawReturns(under(past.returns, atMs), atMs, layout)
  }

  #drawReturns(returns: readonly PastEvent[], atMs: number, { clients, grid }: Layout): void {
    const circles: string[] = []
    for (const back of returns) {
      const share = (atMs - back.atMs) / WAY_MS
      const dots = Math.min(back.count, MOST_DOTS)
      for (let dot = 0; dot < dots; dot++)
        circles.push(
          circle(
            grid.x + ((dot + 0.5) / dots) * grid.w,
            clients.y + clients.h + share * (grid.y + grid.h - clients.y - clients.h),
          ),
        )
    }
    set(this.#back, 'd', circles.join(''))
    const count = returns.reduce((sum, back) => sum + back.count, 0)
    set(this.#backNote, 'x', clients.x + clients.w - 8)
    set(this.#backNote, 'y', clients.y + clients.h + 15)
    say(this.#backNote, count === 0 ? '' : `${plural(count, 'SYN')} sent again`)
  }
}

/** The events that are on their way at this moment. */
const under = (events: readonly PastEvent[], atMs: number): PastEvent[] =>
  events.filter((event) => atMs >= event.atMs && atMs < event.atMs + WAY_MS)

const circle = (x: number, y: number): string =>
  `M${x.toFixed(1)} ${y.toFixed(1)}m-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0`
