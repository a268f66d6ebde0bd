import type { Answer } from '#planner/answer.ts'
import { type Html, html } from '../html.ts'
import { together } from '../quantities.ts'
import { day } from '../sections/masthead.ts'
import { badge } from '../sections/status.ts'
import type { Asked } from './asked.ts'
import { anchorOf } from './judgement.ts'

/** The question, the answer, and the verdict of the lab. */
export function planMasthead({ question, answer, lab }: Answer, { command, at }: Asked): Html {
  const [first = '', ...more] = answer
  return html`<header class="masthead"><h1>${question}</h1>
<p class="sources"><code>${command}</code> <time datetime="${at}">${day(at)}</time></p>
<p class="answer">${together(first)}</p>
${more.map((sentence) => html`<p class="more">${together(sentence)}</p>`)}
${
  lab.length > 0 &&
  html`<div class="outcomes">${lab.map(
    ({ name, verdict }, at) =>
      html`<div class="outcome">${badge(verdict)} <p>The lab, <a href="#${anchorOf(at)}">${name}</a></p></div>`,
  )}</div>`
}</header>`
}
