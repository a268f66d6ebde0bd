/** What the clients do, in the band on top. */
import { whole } from '#common/quantities.ts'
import type { PictureState } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'
import { ifKnown } from './amounts.ts'
import type { Box } from './layout.ts'

export class Clients {
  readonly element: SVGGElement
  readonly #facts: { number: SVGTSpanElement; group: SVGTextElement }[]

  /** `foreign`: clients of which only the server's kernel tells, over all its ports. */
  constructor({ x, y, w, h }: Box, foreign: boolean) {
    const names: [string, TermName][] = foreign
      ? [
          [' connections, all ports', 'rate'],
          [' met a full queue', 'drop'],
          [' SYN cookies sent', 'cookie'],
        ]
      : [
          [' new connections', 'rate'],
          [' SYNs retransmitted', 'retransmit'],
          [' SYNs never completed', 'halfOpen'],
        ]
    // Side by side, or one below the other where the band is high.
    const rows = h >= 80
    this.#facts = names.map(([name, term], index) => {
      const place = rows
        ? { x: x + 14, y: y + 26 + index * 27 }
        : { x: x + 16 + ([0, 0.31, 0.68][index] ?? 0) * (w - 16), y: y + h / 2 + 8 }
      const number = svg('tspan', { class: 'fact-number' })
      const group = svg(
        'text',
        { ...place, class: 'fact', 'data-term': term },
        number,
        svg('tspan', { class: 'fact-unit' }, name),
      )
      return { number, group }
    })
    this.element = svg(
      'g',
      {},
      svg('rect', { x, y, width: w, height: h, rx: 10, class: 'band' }),
      ...this.#facts.map(({ group }) => group),
    )
  }

  draw({ clients, arrivals, cookiesPerSecond }: PictureState): void {
    const numbers =
      clients === undefined
        ? [arrivals?.openedPerSecond, arrivals?.overflowsPerSecond, arrivals && cookiesPerSecond]
        : [clients.startedPerSecond, clients.synRetransmitsPerSecond, clients.halfOpenPerSecond]
    for (const [index, value] of numbers.entries()) {
      const fact = this.#facts[index]
      if (fact === undefined) continue
      say(
        fact.number,
        ifKnown(value, (known) => `${whole(known)}/s`),
      )
      set(fact.group, 'class', `fact${(value ?? 0) < 0.5 ? ' none' : ['', ' bad', ' odd'][index]}`)
    }
  }
}
