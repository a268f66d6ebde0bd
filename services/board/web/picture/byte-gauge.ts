/** Bytes in receive or send queues, on a logarithmic scale from 1 kB to 1 GB. */
import { bytes } from '#common/quantities.ts'
import { say, set, svg } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'
import type { Box } from './layout.ts'

export class ByteGauge {
  readonly element: SVGGElement
  readonly #fill: SVGRectElement
  readonly #number: SVGTextElement
  readonly #note: SVGTextElement
  readonly #width: number
  readonly #name: string

  constructor({ x, y, w, h }: Box, name: string, term: TermName) {
    this.#width = w
    this.#name = name
    const barY = y + h - 12
    this.#fill = svg('rect', { x, y: barY, width: 0, height: 12, rx: 3, class: 'gauge-fill' })
    this.#number = svg('text', { x, y: barY - 8, class: 'gauge-number' })
    this.#note = svg('text', { x: x + w, y: barY - 8, class: 'gauge-note' })
    const ticks = [0, 1, 2].map((step) => svg('path', { class: 'tick', d: `M${x + (w * step) / 2} ${barY + 12}v4` }))
    const labels = ['1 kB', '1 MB', '1 GB'].map((label, step) =>
      svg('text', { x: x + (w * step) / 2, y: barY + 27, class: `tick-label at-${step}` }, label),
    )
    this.element = svg(
      'g',
      { class: 'gauge', 'data-term': term },
      svg('rect', { x, y: barY, width: w, height: 12, rx: 3, class: 'vessel' }),
      this.#fill,
      this.#number,
      this.#note,
      ...ticks,
      ...labels,
    )
  }

  draw(value: number, note: string, warns: boolean): void {
    const share = value < 1 ? 0 : Math.min(1, Math.max(0.01, Math.log10(value / 1000) / 6))
    set(this.#fill, 'width', share * this.#width)
    set(this.#fill, 'class', warns ? 'gauge-fill warns' : 'gauge-fill')
    say(this.#number, `${bytes(value)} in ${this.#name}`)
    say(this.#note, note)
    set(this.#note, 'class', warns ? 'gauge-note warns' : 'gauge-note')
  }
}
