/** The values of a chart's curves at one moment, above it. */
import { html, say, set } from '../page/dom.ts'
import type { Curve } from './kinds.ts'
import type { Point } from './series.ts'

/** With more shards than this, a readout of each would be too long to read. */
const READ_OUT = 5

export class Readout {
  readonly element = html('p', { class: 'readout' })
  readonly #show: (value: number) => string

  constructor(show: (value: number) => string) {
    this.#show = show
  }

  draw(curves: readonly Curve[], point: Point): void {
    const values = curves.map((curve) => ({ curve, value: curve.of(point) }))
    const shown =
      values.length > READ_OUT + 1
        ? [{ name: 'highest', value: Math.max(0, ...values.map(({ value }) => value ?? 0)), colour: 'ink' as const }]
        : values.map(({ curve, value }) => ({ name: curve.name, value, colour: curve.colour }))
    while (this.element.childElementCount > shown.length) this.element.lastElementChild?.remove()
    while (this.element.childElementCount < shown.length)
      this.element.append(html('span', {}, html('i', {}), html('b', {}), ' ', html('span', {})))
    for (const [position, { name, value, colour }] of shown.entries()) {
      const [swatch, label, number] = this.element.children[position]?.children ?? []
      if (swatch === undefined || label === undefined || number === undefined) continue
      set(swatch, 'class', typeof colour === 'number' ? `series-${(colour % 8) + 1}` : colour)
      say(label, name)
      say(number, value === null ? '–' : this.#show(value))
    }
  }
}
