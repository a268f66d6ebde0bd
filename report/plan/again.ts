import { plural } from '#common/quantities.ts'
import { scrolling } from '../figure.ts'
import { type Html, html } from '../html.ts'
import { day } from '../sections/masthead.ts'
import type { Asked } from './asked.ts'

/** Where and when the question was asked, and how to ask it again. */
export function againSection({ command, at, machine }: Asked): Html {
  const rows = [
    ['Asked', day(at)],
    ['Kernel', `Linux ${machine.kernel}`],
    ['Processor', `${plural(machine.cores, 'core')}, ${machine.processor}`],
    ['Runtime', `Node ${machine.node}, Spillway ${machine.spillway}`],
  ]
  return html`<section><h2>Ask again</h2>
<pre class="again"><code>${command}</code></pre>
${scrolling('Machine', html`<table class="machine"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`)}</section>`
}
