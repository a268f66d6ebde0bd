import { plural } from '#common/quantities.ts'
import type { Judgement } from '#planner/answer.ts'
import { quantities } from '#planner/outcome.ts'
import { type Html, html } from '../html.ts'
import { outcomeWords } from '../load-words.ts'
import { duration, inWords } from '../quantities.ts'
import { badge } from '../sections/status.ts'
import type { Asked } from './asked.ts'
import { distributions } from './distributions.ts'
import { quantitiesTable } from './quantities-table.ts'
import { queueCurves, synQueueCurve } from './queue-curves.ts'

/** The anchor of the judgement with this index. */
export const anchorOf = (at: number): string => `lab-${at + 1}`

/** A setting: what was predicted, and what the kernel did. */
export function judgementSection(judgement: Judgement, at: number): Html {
  const { name, verdict, reason } = judgement
  return html`<section class="judgement" id="${anchorOf(at)}"><h2>Predicted against measured: ${name}</h2>
<div class="outcome">${badge(verdict)} <p>${verdictInWords(judgement)}${reason !== null && ` ${sentence(reason)}`}</p></div>
<p class="meaning">${howPlayed(judgement)}</p>
<div class="measures">${synQueueCurve(judgement)}${queueCurves(judgement)}${distributions(judgement)}</div>
${quantitiesTable(judgement)}</section>`
}

function verdictInWords({ verdict, disagreements }: Judgement): string {
  switch (verdict) {
    case 'agrees':
      return 'With the same arrivals and stalls, the kernel did what was predicted.'
    case 'contradicts':
      return `With the same arrivals and stalls, the kernel did not do what was predicted: ${disagreements.map(({ quantity }) => quantities[quantity]).join('; ')}.`
    case 'not judged':
      return 'This machine could not play the load as requested, so nothing here speaks for or against the prediction.'
  }
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`.replace(/\.?$/, '.')

function howPlayed({ played }: Judgement): string {
  const { connections, scheduleLagP99Ms, acceptMs, outcomes } = played
  const ends = Object.entries(outcomes).filter(([, count]) => count > 0)
  const words = ends.map(
    ([outcome, count]) => `${inWords(count)} ${outcomeWords[outcome as keyof typeof outcomeWords] ?? outcome}`,
  )
  return `A lab on this machine played ${plural(connections, 'connection')} to a real kernel, 99 % of them within ${duration(scheduleLagP99Ms)} of their schedule: ${words.join(', ')}.${acceptMs === null ? '' : ` An accept took ${duration(acceptMs)}.`}`
}

/** How to have a lab judge it, if none has. */
export const invitation = ({ confirming }: Asked): Html | undefined =>
  confirming === undefined
    ? undefined
    : html`<section><h2>Predicted, not measured</h2>
<p class="meaning">No lab has judged this. With <code>--confirm</code>, a lab on this machine plays the same arrivals and stalls to a real kernel, and this page compares predicted and measured:</p>
<pre class="again"><code>${confirming}</code></pre></section>`
