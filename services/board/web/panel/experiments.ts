/** Experiments: what each teaches, and what it comes from. */

import type { LiveState } from '#live/state.ts'
import type { PageConfig } from '../../api.ts'
import { html, set } from '../page/dom.ts'
import type { Orders } from './orders.ts'

export class ExperimentTab {
  readonly element: HTMLElement
  readonly #buttons: HTMLButtonElement[]

  constructor(orders: Orders, { experiments, unavailable }: PageConfig) {
    const entries = experiments.map(({ name, teaches, sources }) => {
      const button = html('button', { type: 'button', class: 'small', 'aria-label': `Run ${name}` }, 'Run')
      button.addEventListener('click', () => void orders.send({ do: 'run experiment', name }))
      return {
        button,
        entry: html(
          'li',
          {},
          html('div', { class: 'row' }, html('span', { class: 'name' }, name), button),
          html('p', { class: 'does' }, teaches),
          html('p', { class: 'does' }, 'Sources: ', ...sources.flatMap(cited)),
        ),
      }
    })
    this.#buttons = entries.map(({ button }) => button)
    const note =
      unavailable['run experiment'] ??
      'Each runs in its own lab, which the picture shows meanwhile, counts in the kernel and in userspace, and gives a verdict. This lab goes on beside it.'
    this.element = html(
      'div',
      {},
      html('p', { class: 'does' }, note),
      html('ul', { class: 'experiments' }, ...entries.map(({ entry }) => entry)),
    )
  }

  draw({ experiment }: LiveState): void {
    for (const button of this.#buttons) set(button, 'disabled', experiment?.running === true)
  }
}

/** A source, behind what parts it from the one before. */
function cited({ text, href }: PageConfig['experiments'][number]['sources'][number], index: number): (Node | string)[] {
  const shown = href === undefined ? text : html('a', { href, target: '_blank', rel: 'noopener' }, text)
  return index === 0 ? [shown] : [' · ', shown]
}
