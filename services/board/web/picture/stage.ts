/** A station of a connection's way: its name, its place on the way in a newcomer's words, and its total. */
import { say, set, svg } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'
import type { Place } from './layout.ts'
import { steps } from './way.ts'

/** The name begins here, behind the step's number. */
const INDENT = 26

export class Stage {
  readonly element: SVGGElement
  readonly #number = svg('tspan', { class: 'stage-number' })
  readonly #unit = svg('tspan', { class: 'stage-unit' })
  /** How old the number is, where that must be said. */
  readonly #age = svg('tspan', { class: 'stage-age' })

  /** `step` is its place on the way, from 1; none for what comes after it. */
  constructor(name: string, term: TermName, { x, y, flow }: Place, step?: number) {
    const inColumn = flow === 'column'
    const words = step === undefined ? '' : (steps[step - 1] ?? '')
    const nameX = x + (inColumn || step !== undefined ? INDENT : 0)
    const heading = svg('text', { x: nameX, y, class: 'stage-name' }, name)
    const about = svg('tspan', { class: 'stage-step' }, words)
    if (inColumn)
      for (const [key, value] of [
        ['x', nameX],
        ['dy', 16],
      ] as const)
        set(about, key, value)
    else set(about, 'dx', 8)
    if (words !== '') heading.append(about)
    const total = svg('text', { x: nameX, y: y + (inColumn ? 39 : 25) }, this.#number, this.#unit, this.#age)
    if (inColumn)
      for (const [key, value] of [
        ['x', nameX],
        ['dy', 16],
      ] as const)
        for (const line of [this.#unit, this.#age]) set(line, key, value)
    else for (const part of [this.#unit, this.#age]) set(part, 'dx', 6)
    this.element = svg(
      'g',
      { class: 'stage-label', 'data-term': term },
      ...(step === undefined ? [] : markerOf(step, x + 9, y - 5)),
      heading,
      total,
    )
  }

  draw(number: string, unit: string, age = ''): void {
    say(this.#number, number)
    say(this.#unit, unit)
    say(this.#age, age)
  }
}

/** The step's number, as it stands in the line above the picture. */
const markerOf = (step: number, cx: number, cy: number): SVGElement[] => [
  svg('circle', { class: 'marker', cx, cy, r: 10 }),
  svg('text', { class: 'marker-number', x: cx, y: cy + 4.5 }, String(step)),
]

/** From each step to the next, along the names. */
export const wayLine = (places: readonly Place[]): SVGGElement =>
  svg(
    'g',
    { class: 'way-line', 'aria-hidden': 'true' },
    ...places.slice(1).map(({ x, y }, index) => {
      const from = (places[index]?.y ?? 0) + 8
      return svg('path', { d: `M${x + 9} ${from}V${y - 19}m-4 -6l4 6l4 -6` })
    }),
  )
