/** An accept queue as a tank: how high it stands, how old it is, and its figures in it. */
import { duration, number } from '#common/quantities.ts'
import type { ShardView } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import { type Age, staleness } from './ages.ts'
import type { Box, Layout } from './layout.ts'

/** How far a queue may be seen to stand above its rim. */
const MOUND = 18

export class Tank {
  /** From back to front. */
  readonly vessel: readonly SVGElement[]
  readonly figures: readonly SVGTextElement[]
  readonly #box: Box
  readonly #room: Layout['room']
  readonly #water: SVGPathElement
  readonly #oldStop = svg('stop', { offset: 0 })
  readonly #newStop = svg('stop', { offset: 1 })
  readonly #mound = svg('path', { class: 'mound' })
  readonly #peak = svg('path', { class: 'peak' })
  readonly #length: SVGTextElement
  readonly #fits: SVGTextElement
  readonly #age: SVGTextElement

  constructor(shard: number, box: Box, room: Layout['room']) {
    this.#box = box
    this.#room = room
    const { x, y, w } = box
    const middle = x + w / 2
    const clip = `tank-${shard}`
    const shade = `age-${shard}`
    const basin = basinOf(box)
    this.#water = svg('path', { class: 'water', 'clip-path': `url(#${clip})`, fill: `url(#${shade})` })
    this.#length = svg('text', { x: middle, class: 'length' })
    this.#fits = svg('text', { x: middle, class: 'fits', 'data-term': 'backlog' })
    this.#age = svg('text', { x: middle, class: 'age', 'data-term': 'acceptWait' })
    this.vessel = [
      svg(
        'defs',
        {},
        svg('clipPath', { id: clip }, svg('path', { d: `${basin}z` })),
        svg('linearGradient', { id: shade, x1: 0, y1: 1, x2: 0, y2: 0 }, this.#oldStop, this.#newStop),
      ),
      svg('path', { class: 'basin-back', d: `${basin}z` }),
      this.#water,
      this.#mound,
      svg('path', { class: 'full-mark', d: `M${x - 5} ${y}h${w + 10}` }),
      svg('path', { class: 'basin', d: basin }),
      this.#peak,
    ]
    this.figures = [this.#fits, this.#length, this.#age]
  }

  draw(shard: ShardView, age: Age | undefined): void {
    const { x, y, w, h } = this.#box
    const open = shard.state === 'listening'
    const fits = shard.limit + 1
    const fill = fillOf(shard)
    const level = Math.min(1, fill)
    const top = y + h * (1 - level) - (shard.length > 0 && level * h < 3 ? 3 : 0)
    set(this.#water, 'd', open && shard.length > 0 ? `M${x} ${top}h${w}V${y + h}h-${w}z` : '')
    const above = Math.min(1, Math.max(0, (shard.length - fits) / Math.max(1, fits)))
    const rise = fill > 1 ? 4 + above * (MOUND - 4) : 0
    set(this.#mound, 'd', rise > 0 ? `M${x} ${y}q${w / 2} ${-2 * rise} ${w} 0z` : '')
    if (age !== undefined) {
      shade(this.#oldStop, age.oldestMs)
      shade(this.#newStop, age.newestMs)
    }
    const peak = y + h * (1 - Math.min(1, shard.peak / fits))
    const showsPeak = open && this.#room !== 'dense' && shard.peak > shard.length
    set(this.#peak, 'd', showsPeak ? `M${x - 9} ${peak - 5}l8 5l-8 5z` : '')
    this.#drawFigures(shard, age, top)
  }

  #drawFigures(shard: ShardView, age: Age | undefined, top: number): void {
    const { y, h, w } = this.#box
    const open = shard.state === 'listening'
    const size = this.#room === 'wide' ? Math.min(30, w * 0.34) : this.#room === 'narrow' ? Math.min(26, w * 0.42) : 0
    const line = this.#room === 'wide' ? 19 : 15
    const middle = y + h / 2 + size * 0.1
    this.#length.style.fontSize = `${open ? size : Math.min(size, 22)}px`
    set(this.#length, 'y', middle)
    say(this.#length, size === 0 ? '' : open ? number(shard.length) : shard.state)
    // Letters on water have water's own ink.
    const onWater = (at: number): string => (top < at ? ' on-water' : '')
    set(this.#length, 'class', `length${onWater(middle - size * 0.45)}`)
    set(this.#fits, 'y', middle + line)
    set(this.#fits, 'class', `fits${onWater(middle + line - 5)}`)
    say(this.#fits, open && size > 0 ? `of ${number(shard.limit + 1)}` : '')
    const showsAge = size > 0 && open && shard.length > 0 && age !== undefined
    const words = showsAge
      ? `${this.#room === 'wide' ? 'oldest ' : ''}${age.atMost ? '≤ ' : ''}${duration(age.oldestMs)}`
      : ''
    set(this.#age, 'y', middle + 2 * line)
    set(this.#age, 'class', `age${onWater(middle + 2 * line - 5)}`)
    say(this.#age, words)
  }
}

/** How much of the queue is taken: 1 where it is full, more where listen() was called again with less. */
export const fillOf = ({ state, length, limit }: ShardView): number =>
  state === 'listening' ? length / (limit + 1) : 0

/** Its outline, open above. */
function basinOf({ x, y, w, h }: Box): string {
  const bottom = y + h
  const radius = Math.min(12, w / 4)
  return `M${x} ${y}V${bottom - radius}a${radius} ${radius} 0 0 0 ${radius} ${radius}H${x + w - radius}a${radius} ${radius} 0 0 0 ${radius} -${radius}V${y}`
}

/** The colour of an age: CSS knows both ends, the share between them is ours. */
function shade(stop: SVGStopElement, ageMs: number): void {
  const share = `${Math.round(staleness(ageMs) * 100)}%`
  if (stop.style.getPropertyValue('--stale-share') !== share) stop.style.setProperty('--stale-share', share)
}
