/** What an experiment expects, and what came of each expectation: on top of the switches, or in their place while it runs. */
import type { ExpectationState, ExperimentState } from '#live/experiment-state.ts'
import { html, set } from '../page/dom.ts'
import { summaryOf } from './summary.ts'

const ticks = { open: '○', met: '✓', 'not met': '✗', 'not judged': '–' } as const

export class Card {
  readonly element = html('section', {
    class: 'verdict',
    'aria-label': 'Verdict',
    tabindex: 0,
    hidden: true,
  })

  draw(experiment: ExperimentState | undefined): void {
    this.element.hidden = experiment === undefined
    if (experiment === undefined) return
    const { name, running, teaches, status = 'running', reason, expectations, folder } = experiment
    // Numbers that change twice a second are not read out.
    set(this.element, 'aria-live', running ? 'off' : 'polite')
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
  const told = [
    expected === '' ? '' : `expected ${expected}`,
    seenInWords(outcome, seen),
    reason ?? '',
    `counted by ${counted}`,
  ]
  return html(
    'li',
    { class: outcome.replace(' ', '-') },
    html('span', { class: 'tick', 'aria-hidden': 'true' }, ticks[outcome]),
    html('span', {}, word, sentence, html('small', {}, told.filter((words) => words !== '').join(' · '))),
  )
}

/** While it is open that is no verdict: what is still to come may change it. */
const seenInWords = (outcome: ExpectationState['outcome'], seen: string): string =>
  outcome === 'open' ? `so far ${seen === '' ? 'nothing' : seen}` : seen === '' ? '' : `seen ${seen}`
