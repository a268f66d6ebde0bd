/** What an experiment expects, and what came of each expectation: on top of the switches, or in their place while it runs. */
import type { ExpectationState, ExperimentState } from '#live/experiment-state.ts'
import { html } from '../page/dom.ts'
import { summaryOf } from './summary.ts'

const ticks = { open: '○', met: '✓', 'not met': '✗', 'not judged': '–' } as const

export class Card {
  readonly element = html('section', {
    class: 'verdict',
    'aria-live': 'polite',
    'aria-label': 'Verdict',
    tabindex: 0,
    hidden: true,
  })

  draw(experiment: ExperimentState | undefined): void {
    this.element.hidden = experiment === undefined
    if (experiment === undefined) return
    const { name, running, teaches, status = 'running', reason, expectations, folder } = experiment
    this.element.replaceChildren(
      html('h3', { class: `status ${status.replace(' ', '-')}` }, `${name}: ${status}`),
      html('p', { class: 'does' }, teaches),
      html('p', { class: 'summary' }, reason ?? (summaryOf(expectations) || (running ? LATER : ''))),
      html('ul', { class: 'expectations' }, ...expectations.map(itemOf)),
      html('p', { class: 'does' }, running ? AWAY : folder === undefined ? '' : `Recorded data: ${folder}`),
    )
  }
}

const LATER = 'What it expects is listed as soon as it is known.'
const AWAY =
  'The switches are away while it runs: they act on the board’s own lab, which goes on undisturbed. They come back when it has ended.'

function itemOf({ outcome, sentence, expected, seen, counted, reason }: ExpectationState): HTMLElement {
  const word = html('span', { class: 'unseen' }, `${outcome === 'open' ? 'not judged yet' : outcome}: `)
  const small =
    outcome === 'open'
      ? `counted by ${counted}`
      : [expected === '' ? '' : `expected ${expected} · seen ${seen}`, reason ?? '', `counted by ${counted}`]
          .filter((words) => words !== '')
          .join(' · ')
  return html(
    'li',
    { class: outcome.replace(' ', '-') },
    html('span', { class: 'tick', 'aria-hidden': 'true' }, ticks[outcome]),
    html('span', {}, word, sentence, html('small', {}, small)),
  )
}
