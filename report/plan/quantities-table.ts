import { UNKNOWN } from '#common/quantities.ts'
import type { Judgement } from '#planner/answer.ts'
import { type Quantity, quantities } from '#planner/outcome.ts'
import { scrolling } from '../figure.ts'
import { type Html, html } from '../html.ts'
import { passMark } from '../sections/status.ts'
import { PREDICTED } from './colours.ts'
import { drawn, errorInWords, estimateCell, keyed } from './estimates.ts'

/** Every quantity as predicted, as measured, and as simulated with what really happened. */
export function quantitiesTable({ predicted, measured, asItHappened, ...judgement }: Judgement): Html {
  const names = (Object.keys(quantities) as Quantity[]).filter((quantity) =>
    [predicted, measured, asItHappened].some(({ estimates }) => estimates[quantity] !== undefined),
  )
  const judged = judgement.verdict !== 'not judged'
  const against = new Set(judgement.disagreements.map(({ quantity }) => quantity))
  return html`<h3>In numbers</h3>
<p class="meaning">Predicted: the mean of the simulated runs; in small type, the interval in which 99 % of single runs lie. Measured: one run; in small type, the uncertainty from sampling, ticks and stalls that were not exactly as long as requested. Simulated as it happened: simulated again with the real arrivals, stalls and accepts; an error that remains there is the model’s, the rest is this machine’s. Error: predicted minus measured.${judged && ' A quantity contradicts if the two intervals do not overlap, with an allowance for judging several quantities at once.'}</p>
${scrolling(
  'Quantities',
  html`<table class="quantities keyed"><thead><tr><th scope="col">quantity</th><th scope="col" class="number">${keyed(PREDICTED, 'predicted')}</th><th scope="col" class="number">${keyed('water', 'measured')}</th><th scope="col" class="number">${keyed('plain', 'simulated as it happened')}</th><th scope="col" class="number">error</th>${judged && html`<th scope="col">verdict</th>`}<td></td></tr></thead>
<tbody>${names.map((quantity) => {
    const [before, seen, after] = [predicted, measured, asItHappened].map(({ estimates }) => estimates[quantity])
    const both = before !== undefined && seen !== undefined
    return html`<tr class="${against.has(quantity) && 'failed'}"><th scope="row">${quantities[quantity]}</th>${[before, seen, after].map((one) => estimateCell(quantity, one))}<td class="number">${both ? errorInWords(quantity, before, seen) : UNKNOWN}</td>${
      judged &&
      html`<td>${both ? passMark(!against.has(quantity), against.has(quantity) ? 'contradicts' : 'agrees') : UNKNOWN}</td>`
    }<td>${drawn(quantity, [
      before && { ...before, colour: PREDICTED },
      seen && { ...seen, colour: 'water' },
      after && { ...after, colour: 'plain' },
    ])}</td></tr>
`
  })}</tbody></table>`,
)}`
}
