/** The switches, in tabs: one shard or all, loads, kernel, the backlog that the load needs, experiments, words. */

import type { LiveState } from '#live/state.ts'
import type { PageConfig } from '../../api.ts'
import { html, set } from '../page/dom.ts'
import { ExperimentTab } from './experiments.ts'
import { KernelTab } from './kernel.ts'
import { LineTab } from './line.ts'
import { LoadTab } from './loads.ts'
import type { Orders, Outcome } from './orders.ts'
import { PlanTab } from './plan.ts'
import { ShardTab } from './shard.ts'
import { tabsOf } from './tabs.ts'
import { wordsTab } from './words.ts'

export class Panel {
  readonly #shard: ShardTab
  readonly #line = new LineTab()
  readonly #loads: LoadTab
  readonly #kernel: KernelTab
  readonly #plan: PlanTab
  readonly #experiments: ExperimentTab
  readonly #told = html('p', { class: 'told', role: 'status' })

  constructor(root: HTMLElement, config: PageConfig, orders: Orders, onSelect: (shard: number) => void) {
    this.#shard = new ShardTab(orders, config.unavailable, onSelect)
    this.#loads = new LoadTab(orders)
    this.#kernel = new KernelTab(orders, config.unavailable)
    this.#plan = new PlanTab(
      config.unavailable.relisten === undefined
        ? {
            set: (shards, backlog) =>
              void orders.send(...shards.map((shard) => ({ do: 'relisten', shard, backlog }) as const)),
          }
        : {},
    )
    this.#experiments = new ExperimentTab(orders, config)
    const pages: [name: string, page: HTMLElement][] = [
      ['Shards', this.#shard.element],
      ['Load', this.#loads.element],
      ['Kernel', this.#kernel.element],
      ['Line', this.#line.element],
      ['Plan', this.#plan.element],
      ['Experiments', this.#experiments.element],
      ['Words', wordsTab(config.chapters)],
    ]
    root.replaceChildren(...tabsOf('Switches', pages), this.#told)
  }

  draw(state: LiveState): void {
    this.#shard.draw(state)
    this.#line.draw(this.#shard.chosen, state.shards.length > 1)
    this.#loads.draw(state)
    this.#kernel.draw(state)
    this.#plan.draw(state)
    this.#experiments.draw(state)
  }

  select(shard: number): void {
    this.#shard.select(shard)
    this.#line.draw(this.#shard.chosen, this.#shard.areSeveral)
  }

  tell({ done, words }: Outcome): void {
    this.#told.textContent = words
    set(this.#told, 'class', done ? 'told' : 'told bad')
  }
}
