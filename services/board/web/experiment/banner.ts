/** Which experiment is shown, where it is now, and how it ended: a bar above the picture. */
import type { ExperimentState, Step } from '#live/experiment-state.ts'
import { html, say } from '../page/dom.ts'
import type { Orders } from '../panel/orders.ts'
import { summaryOf } from './summary.ts'

const stepWords = { done: 'done', now: 'now', ahead: 'to come' } as const

export class Banner {
  readonly element = html('section', { class: 'run-banner', 'aria-label': 'Experiment', hidden: true })
  readonly #orders: Orders
  readonly #name = html('h2')
  readonly #cases = html('ol', { class: 'cases', 'aria-label': 'Cases' })
  readonly #steps = html('ol', { class: 'steps', 'aria-label': 'Phases' })
  readonly #where = html('p', { class: 'where', role: 'status' })
  readonly #report = html('a', { class: 'small', target: '_blank', rel: 'noopener' }, 'Open the report')
  readonly #stop = html('button', { type: 'button', class: 'small' }, 'Stop it')
  readonly #dismiss = html('button', { type: 'button', class: 'small' }, 'Dismiss')

  constructor(orders: Orders) {
    this.#orders = orders
    this.#stop.addEventListener('click', () => void this.#orders.send({ do: 'stop experiment' }))
    this.#dismiss.addEventListener('click', () => void this.#orders.send({ do: 'dismiss experiment' }))
    this.element.append(
      html('div', { class: 'run-head' }, this.#name, this.#cases, this.#report, this.#stop, this.#dismiss),
      this.#steps,
      this.#where,
    )
  }

  /** `address` is that of the experiment's lab, if it is shown. */
  draw(experiment: ExperimentState | undefined, address: string | undefined): void {
    this.element.hidden = experiment === undefined
    if (experiment === undefined) return
    const { name, running, cases, steps, status, report } = experiment
    this.element.className = `run-banner ${running ? 'running' : (status ?? '').replace(' ', '-')}`
    say(this.#name, running ? `Experiment ${name}` : `Experiment ${name}: ${status}`)
    drawSteps(this.#cases, cases)
    drawSteps(this.#steps, running ? steps : [])
    say(this.#where, whereOf(experiment, address))
    this.#stop.hidden = !running
    this.#dismiss.hidden = running
    this.#report.hidden = report === undefined
    if (report !== undefined) this.#report.href = report
  }
}

/** What is seen now, or what came of it. */
function whereOf(experiment: ExperimentState, address: string | undefined): string {
  const { running, still, steps, reason, expectations } = experiment
  if (!running) return [summaryOf(expectations), reason].filter((words) => words).join(' ')
  if (address === undefined)
    return 'Its lab is starting. Until then the picture shows the board’s own lab, whose switches are away meanwhile.'
  if (still !== undefined) return `${still} ${steps.length > 0 ? 'What follows is under way.' : ''}`.trim()
  return `You see the experiment’s own lab, at ${address}. The board’s own lab goes on beside it.`
}

function drawSteps(list: HTMLElement, steps: readonly Step[]): void {
  list.hidden = steps.length === 0
  list.replaceChildren(
    ...steps.map(({ name, state }) =>
      html(
        'li',
        { class: state, ...(state === 'now' ? { 'aria-current': 'step' } : {}) },
        name,
        html('span', { class: 'unseen' }, `, ${stepWords[state]}`),
      ),
    ),
  )
}
