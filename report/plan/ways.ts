import { type Answer, disagreementInWords } from '#planner/answer.ts'
import { type Outcome, type Quantity, quantities } from '#planner/outcome.ts'
import { scrolling } from '../figure.ts'
import { type Html, html } from '../html.ts'
import type { Interval } from '../plots/intervals.ts'
import { together } from '../quantities.ts'
import { drawn, estimateCell, keyed } from './estimates.ts'

/** The numbers behind the answer: what each method predicts, or what each setting does. */
export function waysSection({ table, outcomes, disagreements }: Answer): Html | undefined {
  if (table.rows.length === 0) return undefined
  const rows = comparedIn(table, outcomes)
  // Disagreements with a lab are shown in its section.
  const own = disagreements.filter(({ methods }) => !methods.includes('lab'))
  return html`<section><h2>${rows === undefined ? 'In numbers' : 'What is predicted'}</h2>
${
  rows !== undefined &&
  html`<p class="meaning">In small type: the interval in which the value may lie, because of chance and of what a method leaves out. In the drawing, dots are values and bars are these intervals; each row has its own scale. ${bases(outcomes)}</p>`
}
${own.map(
  (one) =>
    html`<p class="disagreement"><b>The ways of predicting disagree.</b> ${together(disagreementInWords(one))}</p>`,
)}
${scrolling('Predictions', rows === undefined ? plain(table) : comparison(table.columns, rows, outcomes))}</section>`
}

/** What each method is based on, named once. */
const bases = (outcomes: readonly Outcome[]): string =>
  [...new Set(outcomes.map(({ method, basis }) => `${sentence(method)}: ${basis}.`))].join(' ')

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`

/** The quantity of each row if the columns of the table are these outcomes; undefined for any other table. */
function comparedIn({ columns, rows }: Answer['table'], outcomes: readonly Outcome[]): Quantity[] | undefined {
  if (outcomes.length === 0 || columns.length !== outcomes.length + 1) return undefined
  const names = Object.entries(quantities) as [Quantity, string][]
  const found = rows.flatMap(([words]) => names.find(([, name]) => name === words)?.[0] ?? [])
  return found.length === rows.length ? found : undefined
}

function comparison(columns: readonly string[], rows: readonly Quantity[], outcomes: readonly Outcome[]): Html {
  const colours = outcomes.map((_, at): Interval['colour'] => (at % 8) + 1)
  return html`<table class="quantities keyed"><thead><tr><th scope="col">quantity</th>${outcomes.map(
    (_, at) => html`<th scope="col" class="number">${keyed(colours[at]!, columns[at + 1]!)}</th>`,
  )}<td></td></tr></thead>
<tbody>${rows.map((quantity) => {
    const estimates = outcomes.map((outcome) => outcome.estimates[quantity])
    return html`<tr><th scope="row">${quantities[quantity]}</th>${estimates.map((estimate) => estimateCell(quantity, estimate))}<td>${drawn(
      quantity,
      estimates.map((estimate, at) => estimate && { ...estimate, colour: colours[at]! }),
    )}</td></tr>
`
  })}</tbody></table>`
}

const plain = ({ columns, rows }: Answer['table']): Html =>
  html`<table class="quantities"><thead><tr>${columns.map((column, at) => (at === 0 ? html`<th scope="col">${column || 'quantity'}</th>` : html`<th scope="col" class="number">${column}</th>`))}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr>${row.map((cell, at) => (at === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="number">${together(cell)}</td>`))}</tr>
`,
  )}</tbody></table>`
