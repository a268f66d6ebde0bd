/** The card of a server as one HTML file: what it was asked, and what the kernel and the clients counted. */
import type { Answer, Card } from '#lab/card/card.ts'
import { type Html, html } from './html.ts'
import { page } from './page.ts'
import { duration } from './quantities.ts'

export function serverCard({ server, command, kernel, answers }: Card): string {
  const judged = answers.filter(({ found }) => found !== null).length
  return page(
    `The card of ${server}`,
    html`<header><h1>${server}</h1>
<p><code>${command.join(' ')}</code></p>
<p>Linux ${kernel}. ${judged} of ${answers.filter(({ doesNotApply }) => doesNotApply === undefined).length} questions answered.</p></header>
${answers.map(answerSection)}`,
  )
}

function answerSection({ asks, how, found, notJudged, doesNotApply, lateMs }: Answer): Html {
  return html`<section><h2>${asks}</h2>
<p>${found !== null ? found.says : doesNotApply === undefined ? html`<em>Not judged:</em> ${notJudged}` : html`<em>Does not apply:</em> ${doesNotApply}`}</p>
${found?.set !== undefined && html`<p><strong>Set:</strong> ${found.set}.</p>`}
${
  found !== null &&
  html`<table><tbody>${Object.entries(found.numbers).map(
    ([name, value]) => html`<tr><th scope="row">${inWords(name)}</th><td>${shown(name, value)}</td></tr>`,
  )}</tbody></table>`
}
${doesNotApply === undefined && html`<p class="note">${how}. At worst ${duration(lateMs)} late.</p>`}</section>`
}

/** `thrownOutAfterMs` is a name for programs. */
const inWords = (name: string): string =>
  name
    .replace(/Ms$/, '')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^./, (letter) => letter.toUpperCase())

const shown = (name: string, value: number | string | null): string | number =>
  value === null ? '–' : name.endsWith('Ms') && typeof value === 'number' ? duration(value) : value
