/** A button that runs an experiment: its phases as they begin, then what was expected and seen. */
import type { ExperimentState } from '#live/experiment-state.ts'
import type { LiveState } from '#live/state.ts'
import { html, say, set } from '../page/dom.ts'
import { Orders } from '../panel/orders.ts'
import { bar, button, list, output, type Step } from './step.ts'

export class ExperimentRun {
  readonly #element: HTMLElement
  readonly #name: string
  readonly #seconds: number
  readonly #onDone: () => void
  /** Whether this page has asked for it, so that one of yesterday is not taken for it. */
  #asked = false
  #shown = ''
  /** When this page first saw it run. */
  #sinceMs: number | undefined

  constructor({ element }: Step, token: string, onDone: () => void) {
    this.#element = element
    this.#name = element.dataset.experiment ?? ''
    this.#seconds = Number(element.dataset.seconds)
    this.#onDone = onDone
    const orders = new Orders(token, ({ done, words }) => {
      say(output(element), words)
      this.#asked = done
    })
    button(element).addEventListener('click', () => {
      this.#shown = ''
      void orders.send({ do: 'run experiment', name: this.#name })
    })
  }

  draw({ experiment }: LiveState): void {
    const mine = experiment?.name === this.#name ? experiment : undefined
    button(this.#element).disabled = experiment?.running === true
    bar(this.#element).hidden = mine?.running !== true
    if (mine === undefined || (!this.#asked && !mine.running)) return
    this.#asked = true
    if (mine.running) this.#drawProgress(mine)
    else this.#sinceMs = undefined
    const shown = JSON.stringify([mine.phases, mine.status, mine.expectations])
    if (shown === this.#shown) return
    this.#shown = shown
    list(this.#element).replaceChildren(
      ...mine.phases.map(({ name }) => html('li', {}, name)),
      ...mine.expectations.map(({ sentence, seen, outcome, reason }) =>
        html(
          'li',
          { class: outcome === 'met' ? 'passed' : outcome === 'not met' ? 'failed' : '' },
          `${sentence}: `,
          html('b', {}, seen),
          reason === undefined ? '' : ` (${outcome}: ${reason})`,
        ),
      ),
    )
    if (mine.running) return
    const met = mine.expectations.filter(({ outcome }) => outcome === 'met').length
    say(
      output(this.#element),
      `${this.#name} ${mine.status ?? 'is over'}: ${mine.reason ?? `${met} of ${mine.expectations.length} expectations`}`,
    )
    this.#onDone()
  }

  /** Against the time that it took where it was measured: an unknown one only moves. */
  #drawProgress({ phases }: ExperimentState): void {
    this.#sinceMs ??= Date.now()
    // A page that comes later knows only when the phases began.
    const beganMs = Math.min(this.#sinceMs, phases[0]?.timeMs ?? this.#sinceMs)
    const passedSeconds = (Date.now() - beganMs) / 1000
    const share = Math.min(0.99, passedSeconds / this.#seconds)
    set(bar(this.#element), 'value', this.#seconds > 0 ? String(share) : undefined)
    const phase = phases.at(-1)?.name ?? 'starting its lab'
    say(output(this.#element), `${phase}, ${Math.max(0, Math.floor(passedSeconds))} s`)
  }
}
