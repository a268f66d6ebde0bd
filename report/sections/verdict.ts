import { bandInWords, type JudgedExpectation, seenInWords } from '#lab/experiment/verdict.ts'
import { scrolling } from '../figure.ts'
import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import { gauge } from '../plots/gauge.ts'
import { together } from '../quantities.ts'
import { colourOf, endingMark, endingOf, whoCounted } from './status.ts'

/** Every expectation with its band and what was seen, with a column for each run if there are several. */
export function verdictSection(group: Group): Html | undefined {
  const { runs } = group
  if (runs.every(({ verdict }) => verdict.expectations.length === 0)) return undefined
  const given = runs.some(({ verdict }) => verdict.expectations.some(({ widenedMs }) => widenedMs >= 0.05))
  return html`<section><h2>Expected and seen</h2>
<p class="meaning">Each outcome is counted by the kernel, by the processes at both ends, or by both, which must then agree.
The bar is the band, the dot is what was seen.${given && ' The paler part of a bar is what a band of times was widened by, for the lateness of this machine.'}</p>
${scrolling('Expectations', runs.length === 1 ? one(group) : sideBySide(group))}</section>`
}

const one = ({ runs }: Group): Html => html`<table class="expectations">
<thead><tr><th scope="col">verdict</th><th scope="col">expectation</th><th scope="col">counted by</th><th scope="col">expected</th><th scope="col">seen</th><td></td></tr></thead>
<tbody>${runs[0]!.verdict.expectations.map(
  (
    expectation,
  ) => html`<tr class="${colourOf(endingOf(expectation))}"><td>${endingMark(expectation)}</td><th scope="row">${expectation.sentence}${unjudged(expectation)}<span class="in-short">expected ${expected(expectation)}, seen ${seen(expectation)}, counted by ${whoCounted[expectation.counted]}</span></th><td>${whoCounted[expectation.counted]}</td><td>${expected(expectation)}</td><td class="seen">${seen(expectation)}</td><td>${gauge(expectation)}</td></tr>
`,
)}</tbody></table>`

function sideBySide({ runs, labels }: Group): Html {
  const sentences = [...new Set(runs.flatMap(({ verdict }) => verdict.expectations.map(({ sentence }) => sentence)))]
  return html`<table class="expectations side-by-side">
<thead><tr><th scope="col">expectation</th><th scope="col">counted by</th>${labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${sentences.map((sentence) => {
    const found = runs.map(({ verdict }) => verdict.expectations.find((one) => one.sentence === sentence))
    const known = found.filter((one) => one !== undefined)
    const bands = new Set(known.map(expected))
    const common = bands.size === 1
    return html`<tr><th scope="row">${sentence}${common && html` <span class="note">expected ${[...bands]}</span>`}</th><td>${known[0] && whoCounted[known[0].counted]}</td>${found.map((one) => cell(one, common))}</tr>
`
  })}</tbody></table>`
}

function cell(expectation: JudgedExpectation | undefined, common: boolean): Html {
  if (expectation === undefined) return html`<td class="note">not judged</td>`
  return html`<td class="${colourOf(endingOf(expectation))}">${endingMark(expectation)} <span class="seen">${seen(expectation)}</span>${!common && html` <span class="note">of ${expected(expectation)}</span>`}${unjudged(expectation)}${gauge(expectation)}</td>`
}

const expected = (expectation: JudgedExpectation): string => together(bandInWords(expectation))
const seen = (expectation: JudgedExpectation): string => together(seenInWords(expectation))
/** Why it is not judged. */
const unjudged = ({ notJudged }: JudgedExpectation) =>
  notJudged !== null && html`<br><span class="note">${notJudged}</span>`
