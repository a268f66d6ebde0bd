/** The check of an exercise: the participant's own file is run, and what is still wrong is said. */
import type { WorkshopConfig } from '../../api.ts'
import type { CheckNews } from '../../server/workshop.ts'
import { html, say } from '../page/dom.ts'
import { bar, button, field, list, output, type Step } from './step.ts'

export class Check {
  readonly #element: HTMLElement
  readonly #token: string
  readonly #onMet: () => void

  constructor({ element }: Step, { token, checks }: WorkshopConfig, onMet: () => void) {
    this.#element = element
    this.#token = token
    this.#onMet = onMet
    element.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#check()
    })
    if (checks) return
    button(element).disabled = true
    say(output(element), 'spillway workshop checks it, in the folder where it was started.')
  }

  async #check(): Promise<void> {
    const element = this.#element
    button(element).disabled = true
    bar(element).hidden = false
    list(element).replaceChildren()
    say(output(element), 'Starting a lab for it …')
    try {
      const answer = await fetch('/workshop/check', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-spillway-token': this.#token },
        body: JSON.stringify({ exercise: element.dataset.exercise, file: field(element).value }),
      })
      if (answer.ok && answer.body !== null) for await (const news of newsOf(answer.body)) this.#tell(news)
      else say(output(element), wordsOf(await answer.json()))
    } catch {
      say(output(element), 'The workshop does not answer: is it still running?')
    } finally {
      button(element).disabled = false
      bar(element).hidden = true
    }
  }

  #tell(news: CheckNews): void {
    if ('phase' in news) say(output(this.#element), `${news.phase} …`)
    else if ('problem' in news) say(output(this.#element), news.problem)
    else {
      const wrong = news.found.filter((one) => one.wrong !== undefined).length
      list(this.#element).replaceChildren(
        ...news.found.map(({ asks, wrong }) =>
          html(
            'li',
            { class: wrong === undefined ? 'passed' : 'failed' },
            wrong === undefined ? asks : `${asks}: ${wrong}`,
          ),
        ),
      )
      say(output(this.#element), wrong === 0 ? 'Solved.' : `${wrong} of ${news.found.length} still to do.`)
      if (wrong === 0) this.#onMet()
    }
  }
}

const wordsOf = ({ error = '', remedy }: { error?: string; remedy?: string }): string =>
  remedy === undefined ? error : `${error}. ${remedy}`

/** One object a line. */
async function* newsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<CheckNews> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    const lines = (rest + decoder.decode(value, { stream: !done })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
    if (done) return
  }
}
