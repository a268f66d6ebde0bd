/** The loads, each with its amount. */
import { loadWords } from '#live/names.ts'
import type { LoadName } from '#live/orders.ts'
import type { LiveState } from '#live/state.ts'
import { html, set } from '../page/dom.ts'
import type { Orders } from './orders.ts'

interface LoadSwitch {
  name: LoadName
  amount: number
  most: number
  does: string
}

const loads: LoadSwitch[] = [
  {
    name: 'gentle',
    amount: 300,
    most: 20_000,
    does: 'Poisson arrivals: each client connects, sends one request and closes, whether or not the backends keep up.',
  },
  {
    name: 'burst',
    amount: 500,
    most: 20_000,
    does: 'This many SYNs at once: those that do not fit in the accept queues are dropped.',
  },
  {
    name: 'half-open',
    amount: 100,
    most: 100_000,
    does: 'SYNs whose SYN-ACK is never answered: the SYN queue fills, then cookies or drops follow. Ends after a minute.',
  },
  {
    name: 'hold',
    amount: 200,
    most: 20_000,
    does: 'Clients connect, send nothing and stay: each takes a descriptor.',
  },
  {
    name: 'slow-read',
    amount: 20,
    most: 2000,
    does: 'Clients request 8 MB and read nothing: their windows close, and send queues fill on the server.',
  },
  {
    name: 'slow-write',
    amount: 10,
    most: 500,
    does: 'Each client sends 67 MB as fast as the kernel takes it: with a backend that never reads, receive queues fill.',
  },
]

export class LoadTab {
  readonly element: HTMLElement
  readonly #rows: { words: LoadSwitch; toggle: HTMLButtonElement; input: HTMLInputElement }[]

  constructor(orders: Orders) {
    const rows = loads.map((words) => {
      const { name, amount, most, does } = words
      const { title, unit } = loadWords[name]
      const [label, note] = [`load-${name}`, `load-${name}-does`]
      const toggle = html('button', {
        type: 'button',
        role: 'switch',
        class: 'toggle',
        'aria-checked': 'false',
        'aria-labelledby': label,
        'aria-describedby': note,
      })
      const input = html('input', {
        type: 'number',
        value: amount,
        min: 1,
        max: most,
        step: 1,
        inputmode: 'numeric',
        'aria-label': `${title}: how many ${unit}`,
      })
      const start = (): void => {
        if (input.reportValidity()) void orders.send({ do: 'start load', load: name, amount: input.valueAsNumber })
      }
      toggle.addEventListener('click', () => {
        if (toggle.getAttribute('aria-checked') === 'true') void orders.send({ do: 'stop load', load: name })
        else start()
      })
      // A new amount while it runs replaces the load.
      input.addEventListener('change', () => {
        if (toggle.getAttribute('aria-checked') === 'true') start()
      })
      const row = html(
        'div',
        { class: 'row' },
        html('span', { id: label, class: 'name' }, title),
        input,
        html('span', { class: 'unit' }, unit),
        toggle,
      )
      return {
        words,
        toggle,
        input,
        element: html('div', { class: 'control' }, row, html('p', { class: 'does', id: note }, does)),
      }
    })
    this.#rows = rows
    this.element = html('div', {}, ...rows.map(({ element }) => element))
  }

  draw(state: LiveState): void {
    for (const { words, toggle, input } of this.#rows) {
      const load = state.loads.find(({ name, running }) => name === words.name && running)
      set(toggle, 'aria-checked', String(load !== undefined))
      if (load !== undefined && document.activeElement !== input && input.valueAsNumber !== load.amount)
        input.value = String(Math.round(load.amount))
    }
  }
}
