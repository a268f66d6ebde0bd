/** The switches, in tabs: one shard or all, loads, kernel, the backlog that the load needs, experiments, words. */

import type { LiveState } from '#live/state.ts'
import type { PageConfig } from '../../api.ts'
import { html, set } from '../page/dom.ts'
import { ExperimentTab } from './experiments.ts'
import { KernelTab } from './kernel.ts'
import { LoadTab } from './loads.ts'
import type { Orders, Outcome } from './orders.ts'
import { PlanTab } from './plan.ts'
import { ShardTab } from './shard.ts'
import { wordsTab } from './words.ts'

export class Panel {
  readonly #shard: ShardTab
  readonly #loads: LoadTab
  readonly #kernel: KernelTab
  readonly #plan: PlanTab
  readonly #experiments: ExperimentTab
  readonly #told = html('p', { class: 'told', role: 'status' })
  readonly #tabs: HTMLButtonElement[]
  readonly #pages: HTMLElement[]

  constructor(root: HTMLElement, config: PageConfig, orders: Orders, onSelect: (shard: number) => void) {
    this.#shard = new ShardTab(orders, config.unavailable, onSelect)
    this.#loads = new LoadTab(orders)
    this.#kernel = new KernelTab(orders, config.unavailable)
    this.#plan = new PlanTab(orders, config)
    this.#experiments = new ExperimentTab(orders, config)
    const pages: [name: string, page: HTMLElement][] = [
      ['Shards', this.#shard.element],
      ['Load', this.#loads.element],
      ['Kernel', this.#kernel.element],
      ['Plan', this.#plan.element],
      ['Experiments', this.#experiments.element],
      ['Words', wordsTab(config.chapters)],
    ]
    this.#pages = pages.map(([name, page]) => {
      const id = name.toLowerCase()
      return html(
        'div',
        { role: 'tabpanel', id: `page-${id}`, 'aria-labelledby': `tab-${id}`, class: 'page', tabindex: 0 },
        page,
      )
    })
    this.#tabs = pages.map(([name], index) => {
      const id = name.toLowerCase()
      const tab = html('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `page-${id}` }, name)
      tab.addEventListener('click', () => this.#show(index))
      return tab
    })
    const list = html('div', { role: 'tablist', 'aria-label': 'Switches' }, ...this.#tabs)
    list.addEventListener('keydown', ({ key }) => {
      const now = this.#tabs.findIndex((tab) => tab.id === document.activeElement?.id)
      const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
      if (step === 0 || now < 0) return
      const next = (now + step + this.#tabs.length) % this.#tabs.length
      this.#show(next)
      this.#tabs[next]?.focus()
    })
    root.replaceChildren(list, ...this.#pages, this.#told)
    this.#show(0)
  }

  draw(state: LiveState): void {
    this.#shard.draw(state)
    this.#loads.draw(state)
    this.#kernel.draw(state)
    this.#plan.draw(state)
    this.#experiments.draw(state)
  }

  select(shard: number): void {
    this.#shard.select(shard)
  }

  tell({ done, words }: Outcome): void {
    this.#told.textContent = words
    set(this.#told, 'class', done ? 'told' : 'told bad')
  }

  #show(index: number): void {
    for (const [position, tab] of this.#tabs.entries()) {
      set(tab, 'aria-selected', String(position === index))
      set(tab, 'tabindex', position === index ? 0 : -1)
    }
    for (const [position, page] of this.#pages.entries()) page.hidden = position !== index
  }
}
