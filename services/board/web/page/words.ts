/** What happens, in words under the picture; or why the picture is not current. */
import type { LiveState } from '#live/state.ts'
import type { Notice } from './contact.ts'
import { html, set } from './dom.ts'

export class Words {
  readonly #element: HTMLElement
  #key = ''
  #state: LiveState | undefined
  #notice: Notice | undefined

  constructor(element: HTMLElement) {
    this.#element = element
  }

  show(state: LiveState): void {
    this.#state = state
    this.#draw()
  }

  /** With a notice nothing else is said: what held at the last state may not hold now. */
  tell(notice: Notice | undefined): void {
    this.#notice = notice
    this.#draw()
  }

  #draw(): void {
    const { text, calm } = this.#said()
    const key = JSON.stringify([text, calm])
    if (this.#key === key) return
    this.#key = key
    const [first, rest] = this.#notice === undefined ? atFirstStop(text) : [this.#notice.problem, this.#notice.remedy]
    this.#element.replaceChildren(html('strong', {}, first), this.#notice === undefined ? rest : ` ${rest}`)
    set(this.#element, 'class', calm ? 'calm' : '')
  }

  #said(): { text: string; calm: boolean } {
    if (this.#notice !== undefined) return { text: `${this.#notice.problem} ${this.#notice.remedy}`, calm: false }
    if (this.#state === undefined) return { text: '', calm: true }
    const { words, experiment, calm } = this.#state
    // In an experiment a quiet moment is no news.
    return { text: words ?? (experiment?.running === true ? '' : (calm ?? '')), calm: words === undefined }
  }
}

/** The first sentence says what happens: it is read from afar. */
function atFirstStop(text: string): [first: string, rest: string] {
  const end = /[:.](?=\s)/.exec(text)
  const split = end === null ? text.length : end.index + 1
  return [text.slice(0, split), text.slice(split)]
}
