/** Experiments: what each teaches, which one runs, and its verdict. */

import type { ExperimentState, LiveState } from '#live/state.ts'
import type { PageConfig } from '../../api.ts'
import { html } from '../page/dom.ts'
import type { Orders } from './orders.ts'

export class ExperimentTab {
  readonly element: HTMLElement
  readonly #current = html('section', { class: 'verdict', 'aria-live': 'polite', 'aria-label': 'Verdict' })
  readonly #buttons: HTMLButtonElement[]
  readonly #orders: Orders
  #shown = ''

  constructor(orders: Orders, { experiments, unavailable }: PageConfig) {
    this.#orders = orders
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
      'Each runs in its own lab beside this one, counts in the kernel and in userspace, and gives a verdict. The picture continues to show this lab.'
    this.element = html(
      'div',
      {},
      html('p', { class: 'does' }, note),
      this.#current,
      html('ul', { class: 'experiments' }, ...entries.map(({ entry }) => entry)),
    )
  }

  draw({ experiment }: LiveState): void {
    const key = JSON.stringify(experiment)
    if (key === this.#shown) return
    this.#shown = key
    for (const button of this.#buttons) button.disabled = experiment?.running === true
    this.#current.replaceChildren(...(experiment === undefined ? [] : this.#verdict(experiment)))
  }

  #verdict(experiment: ExperimentState): Node[] {
    const { name, running, phases, status = 'running', reason, expectations, folder } = experiment
    const heading = html('h3', { class: `status ${status.replace(' ', '-')}` }, `${name}: ${status}`)
    const list = phases.map(({ name: phase }, index) =>
      html('li', { class: running && index === phases.length - 1 ? 'now' : '' }, phase),
    )
    const nodes: Node[] = [heading, html('ol', { class: 'phases' }, ...list)]
    if (running) {
      const stop = html('button', { type: 'button', class: 'small' }, 'Stop it')
      stop.addEventListener('click', () => void this.#orders.send({ do: 'stop experiment' }))
      nodes.push(stop)
    }
    if (reason !== undefined) nodes.push(html('p', {}, reason))
    if (expectations.length > 0)
      nodes.push(
        html(
          'ul',
          { class: 'expectations' },
          ...expectations.map(({ passed, sentence, expected, seen, counted }) =>
            html(
              'li',
              { class: passed ? 'passed' : 'failed' },
              html('span', { class: 'tick' }, passed ? '✓' : '✗'),
              html(
                'span',
                {},
                sentence,
                html('small', {}, `expected ${expected} · seen ${seen} · counted by ${counted}`),
              ),
            ),
          ),
        ),
      )
    if (folder !== undefined) nodes.push(html('p', { class: 'does' }, `Recorded data and report: ${folder}`))
    return nodes
  }
}

/** A source, behind what parts it from the one before. */
function cited({ text, href }: PageConfig['experiments'][number]['sources'][number], index: number): (Node | string)[] {
  const shown = href === undefined ? text : html('a', { href, target: '_blank', rel: 'noopener' }, text)
  return index === 0 ? [shown] : [' · ', shown]
}
