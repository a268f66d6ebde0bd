/** What spills over the rim of a tank while the kernel drops: the fall, its figures, and the droplets around it. */
import { whole } from '#common/quantities.ts'
import type { ShardView } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import type { NewDot } from './dots.ts'
import type { Box, LaneLayout, Layout } from './layout.ts'

/** Whether something spills now: drops of a shard are an overflow only while the kernel counts overflows. */
export const spills = ({ state, dropsPerSecond }: ShardView, overflowing: boolean): boolean =>
  state === 'listening' && overflowing && dropsPerSecond > 0

export class Drops {
  readonly fall: SVGGElement
  readonly figures: readonly SVGTextElement[]
  readonly #room: Layout['room']
  readonly #dropped: SVGTextElement
  readonly #unit: SVGTextElement

  constructor({ tank, area }: LaneLayout, room: Layout['room']) {
    this.#room = room
    this.fall = fallOf(tank, area, room)
    const wide = room === 'wide'
    const beside = tank.x + tank.w + (wide ? 38 : 24)
    this.#dropped = svg('text', {
      x: wide ? beside : tank.x + tank.w / 2,
      y: wide ? tank.y + 64 : tank.y + tank.h + 19,
      class: 'dropped',
      'data-term': 'drop',
    })
    this.#unit = svg('text', { x: beside, y: tank.y + 82, class: 'dropped-unit' })
    this.figures = [this.#dropped, this.#unit]
  }

  draw(shard: ShardView, overflowing: boolean): void {
    const { state, dropsPerSecond, droppedNow } = shard
    const falls = spills(shard, overflowing)
    this.fall.style.opacity = String(falls ? Math.min(1, 0.35 + Math.log10(1 + dropsPerSecond) / 4) : 0)
    set(this.fall, 'data-on', falls)
    const counted = state === 'listening' && dropsPerSecond >= 0.5
    const perSecond = `${whole(dropsPerSecond)}${this.#room === 'dense' ? '' : '/s'}`
    say(this.#dropped, counted ? (droppedNow === undefined ? perSecond : whole(droppedNow)) : '')
    say(this.#unit, counted && this.#room === 'wide' ? 'dropped' : '')
  }
}

function fallOf(tank: Box, area: Box, room: Layout['room']): SVGGElement {
  const right = tank.x + tank.w
  const thick = room === 'wide' ? 24 : room === 'narrow' ? 13 : 4
  const reach = Math.min(room === 'wide' ? 12 : 5, Math.max(1, area.x + area.w - right - thick))
  const { y } = tank
  const end = y + tank.h + 4
  const sheet = `M${right - 12} ${y - 2}C${right + reach} ${y - 10} ${right + reach + thick} ${y} ${right + reach + thick} ${y + 40}V${end}H${right + reach}V${y + 44}C${right + reach} ${y + 14} ${right + 2} ${y + 6} ${right - 2} ${y + 7}z`
  const strands = [0.3, 0.62].map((share) => {
    const x = right + reach + thick * share
    return svg('path', {
      class: 'strand',
      d: `M${right + 2 + 6 * share} ${y + 1}C${x - 3} ${y + 1} ${x} ${y + 16} ${x} ${y + 44}V${end - 14}`,
    })
  })
  return svg(
    'g',
    { class: 'fall', 'aria-hidden': 'true' },
    svg('path', { class: 'sheet', d: sheet }),
    ...(room === 'dense' ? [] : strands),
  )
}

/** The colour of every fall, defined once in the picture. */
export function fallGradient(): SVGLinearGradientElement {
  return svg(
    'linearGradient',
    { id: 'fall', x1: 0, y1: 0, x2: 0, y2: 1 },
    svg('stop', { offset: 0, class: 'fall-top' }),
    svg('stop', { offset: 0.55, class: 'fall-middle' }),
    svg('stop', { offset: 1, class: 'fall-bottom' }),
  )
}

/** A dot that is thrown over the rim, and falls. */
export const droplet = (tank: Box): NewDot => ({
  x: tank.x + tank.w + Math.random() * 8,
  y: tank.y - 4 - Math.random() * 4,
  vx: 26 + Math.random() * 34,
  vy: -20 - Math.random() * 20,
  endY: tank.y + tank.h + 10,
  kind: 'drop',
})
