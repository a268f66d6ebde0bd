/** A stage of the journey, named in the gutter with its total. */
import { say, set, svg } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'

export class Stage {
  readonly element: SVGGElement
  readonly #number = svg('tspan', { class: 'stage-number' })
  readonly #unit = svg('tspan', { class: 'stage-unit' })
  /** How old the number is, where that must be said. */
  readonly #age = svg('tspan', { class: 'stage-age', x: 16, dy: 15 })

  /** `oneLine` where number and unit share a line. */
  constructor(name: string, term: TermName, y: number, oneLine = false) {
    const below = name === '' ? 0 : 26
    if (!oneLine)
      for (const [part, dy] of [
        [this.#number, 0],
        [this.#unit, name === '' ? 0 : 17],
      ] as const) {
        set(part, 'x', 16)
        set(part, 'dy', dy)
      }
    this.element = svg(
      'g',
      { class: 'stage-label', 'data-term': term },
      svg('text', { x: 16, y, class: 'stage-name' }, name),
      svg('text', { x: 16, y: y + below }, this.#number, this.#unit, this.#age),
    )
    if (oneLine) set(this.#unit, 'dx', 6)
  }

  draw(number: string, unit: string, age = ''): void {
    say(this.#number, number)
    say(this.#unit, unit)
    say(this.#age, age)
  }
}
