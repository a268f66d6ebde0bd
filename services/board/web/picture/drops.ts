/**
 * What spills over the rim of a tank while the kernel drops: the fall, its figure, and the droplets around it. While there
 * are drops their rates are the largest figures of the picture.
 */
import { whole } from '#common/quantities.ts'
import type { QueueView } from '#live/state.ts'
import { inSteps, say, set, svg } from '../page/dom.ts'
import type { NewDot } from './dots.ts'
import type { Box, LaneLayout, Layout } from './layout.ts'

/** Whether something spills now: drops of a shard are an overflow only while the kernel counts overflows. */
export const spills = ({ state, dropsPerSecond = 0 }: QueueView, overflowing: boolean): boolean =>
  state === 'listening' && overflowing && dropsPerSecond > 0

/** The largest figures, in units; those of other things stay below the least. */
const SIZE = { least: 31, most: 44, mostBelow: 34 }
/** Of its size, how wide a digit of the widest usual font is, and a comma; what "/s" takes, in units. */
const WIDE = { digit: 0.71, comma: 0.4, per: 18 }

export class Drops {
  readonly fall: SVGGElement
  readonly figures: readonly SVGTextElement[]
  readonly #beside: DropFigure | undefined
  readonly #below: DropFigure
  readonly #unit: SVGTextElement

  constructor(layout: LaneLayout, { room, stacked, lanes }: Layout) {
    const { tank, area } = layout
    this.fall = fallOf(tank, area, room)
    const x = tank.x + tank.w + 38
    if (room === 'wide' && !stacked && lanes.length <= 3)
      this.#beside = new DropFigure({ x, y: tank.y + 72, w: area.x + area.w - x + 8 }, 'start')
    const middle = room === 'dense' ? area.x + area.w / 2 : Math.max(tank.x + tank.w / 2, area.x + area.w * 0.42)
    const below = { x: middle, y: tank.y + tank.h + 35, w: area.w - 4 }
    this.#below = new DropFigure(below, 'middle', room === 'dense')
    this.#unit = svg('text', { x: x + 1, y: tank.y + 91, class: 'dropped-unit' })
    this.figures = [...(this.#beside === undefined ? [] : [this.#beside.element]), this.#below.element, this.#unit]
  }

  draw({ state, dropsPerSecond = 0, droppedNow }: QueueView, falls: boolean): void {
    set(this.fall, 'opacity', falls ? Math.min(1, 0.35 + inSteps(Math.log10(1 + dropsPerSecond) / 4, 0.05)) : 0)
    set(this.fall, 'data-on', falls)
    // Of a moment of the past it is known how many it were.
    const figure = state === 'listening' ? (droppedNow ?? dropsPerSecond) : 0
    const unit = droppedNow === undefined ? '/s' : ''
    const beside = this.#beside?.hasRoomFor(figure) === true
    this.#beside?.draw(beside ? figure : 0, unit)
    this.#below.draw(beside ? 0 : figure, unit)
    say(this.#unit, figure > 0 && beside ? 'dropped' : '')
  }
}

/** A rate of drops: as large as its place allows; nothing while there are none. */
export class DropFigure {
  readonly element: SVGTextElement
  readonly #number = svg('tspan')
  readonly #per = svg('tspan', { class: 'dropped-per' })
  readonly #width: number
  readonly #most: number
  /** Where many tanks stand side by side: as large as fits, and its unit is that of the sum. */
  readonly #dense: boolean

  constructor({ x, y, w }: Pick<Box, 'x' | 'y' | 'w'>, anchor: 'start' | 'middle' | 'end', dense = false) {
    this.#width = w
    this.#dense = dense
    this.#most = anchor === 'start' ? SIZE.most : SIZE.mostBelow
    this.element = svg('text', { x, y, class: `dropped at-${anchor}`, 'data-term': 'drop' }, this.#number, this.#per)
  }

  hasRoomFor(perSecond: number): boolean {
    return this.#fits(textOf(perSecond)) >= SIZE.least
  }

  /** `unit` follows the number. */
  draw(perSecond: number, unit: string): void {
    const text = textOf(perSecond)
    if (say(this.#number, text) && text !== '') {
      const least = this.#dense ? 9 : SIZE.least
      this.element.style.fontSize = `${Math.floor(Math.min(this.#most, Math.max(least, this.#fits(text))))}px`
    }
    say(this.#per, text === '' || this.#dense ? '' : unit)
  }

  #fits(text: string): number {
    const commas = text.split(',').length - 1
    return (this.#width - (this.#dense ? 0 : WIDE.per)) / ((text.length - commas) * WIDE.digit + commas * WIDE.comma)
  }
}

const textOf = (perSecond: number): string => (perSecond <= 0 ? '' : perSecond < 0.5 ? '<1' : whole(perSecond))

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

/** The colour of every fall, defined once in a picture. */
export function fallGradient(id = 'fall'): SVGLinearGradientElement {
  return svg(
    'linearGradient',
    { id, x1: 0, y1: 0, x2: 0, y2: 1 },
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
