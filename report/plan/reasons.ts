import type { Answer } from '#planner/answer.ts'
import { type Html, html } from '../html.ts'
import { together } from '../quantities.ts'

/** Why this is the answer, and how far it can be trusted. */
export const reasonsSection = ({ why, howSure }: Answer): Html =>
  html`${listed('Why', why)}
${listed('How sure', howSure)}`

const listed = (title: string, sentences: readonly string[]): Html | undefined =>
  sentences.length === 0
    ? undefined
    : html`<section><h2>${title}</h2><ul class="reasons">${sentences.map((sentence) => html`<li>${together(sentence)}</li>`)}</ul></section>`
