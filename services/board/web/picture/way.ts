/** A newcomer's line above the picture: a connection's way, by the numbers of its stations, and what the water's colour means. */
import { html } from '../page/dom.ts'
import { glossary, type TermName } from '../page/glossary.ts'
import { explain } from '../page/tip.ts'

/** What happens at each station, in the order in which a connection passes them. */
export const steps = ['SYN', 'half open', 'waits for accept()', 'your code'] as const
const terms: readonly TermName[] = ['rate', 'halfOpen', 'acceptQueue', 'accept']

/** What the water's colour means. */
export function waterLegend(): HTMLElement {
  const legend = html(
    'p',
    { class: 'legend' },
    'Water: ',
    html('span', {}, 'new'),
    html('span', { class: 'ages', 'aria-hidden': 'true' }),
    html('span', {}, 'waits for 10 s'),
    html('span', { class: 'spilled' }, html('i', { 'aria-hidden': 'true' }), 'dropped'),
  )
  explain(legend, () => `The colour of the water is how long it has waited. ${glossary.acceptWait.says}`)
  return legend
}

/** Both, as one line. */
export const wayAndLegend = (): HTMLElement =>
  html(
    'div',
    { class: 'key' },
    html(
      'ol',
      { class: 'way', 'aria-label': 'The way of a connection' },
      ...steps.map((step, index) =>
        html(
          'li',
          { 'data-term': terms[index] },
          html('span', { class: 'step', 'aria-hidden': 'true' }, String(index + 1)),
          step,
        ),
      ),
    ),
    waterLegend(),
  )
