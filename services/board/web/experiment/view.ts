/** An experiment while its lab is shown, and its verdict until somebody dismisses it. */
import type { LiveState } from '#live/state.ts'
import { set } from '../page/dom.ts'
import type { Orders } from '../panel/orders.ts'
import { Banner } from './banner.ts'
import { Card } from './card.ts'

export class ExperimentView {
  readonly #panel: HTMLElement
  readonly #banner: Banner
  readonly #card: Card
  #shown = ''

  /** Puts a banner above the stage and the expectations on top of the panel. */
  constructor(stage: HTMLElement, panel: HTMLElement, orders: Orders) {
    this.#panel = panel
    this.#banner = new Banner(orders)
    this.#card = new Card()
    stage.before(this.#banner.element)
    panel.prepend(this.#card.element)
  }

  draw({ experiment, address, port, lab }: LiveState): void {
    const key = JSON.stringify([experiment, lab])
    if (key === this.#shown) return
    this.#shown = key
    // While it runs the switches are away: they are those of a lab that is not shown.
    set(this.#panel, 'data-experiment', experiment === undefined ? undefined : experiment.running ? 'running' : 'over')
    set(document.documentElement, 'data-away', experiment?.running === true)
    this.#banner.draw(experiment, lab === undefined ? undefined : `${address}:${port}`)
    this.#card.draw(experiment)
  }
}

/** What the head of the page says of a picture that stands still because its lab has ended. */
export const stillBadge = (state: LiveState | undefined): string | undefined =>
  state?.lab !== undefined && state.experiment?.still !== undefined ? 'a last picture' : undefined
