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

/** Where the judgement at this place stands. */
export const anchorOf = (at: number): string => `lab-${at + 1}`

/** A setting as it was predicted, and as the kernel took it. */
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
      return 'With the same arrivals and stalls the kernel did what was predicted.'
    case 'contradicts':
      return `With the same arrivals and stalls the kernel did something else than was predicted: ${disagreements.map(({ quantity }) => quantities[quantity]).join('; ')}.`
    case 'not judged':
      return 'This machine did not play what it was asked to, so nothing here speaks for the prediction or against it.'
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

/** How to have a lab judge it, where none has. */
export const invitation = ({ confirming }: Asked): Html | undefined =>
  confirming === undefined
    ? undefined
    : html`<section><h2>Predicted, not measured</h2>
<p class="meaning">No lab has judged this. With <code>--confirm</code> one on this machine plays the same arrivals and stalls to a real kernel, and predicted stands against measured here:</p>
<pre class="again"><code>${confirming}</code></pre></section>`
