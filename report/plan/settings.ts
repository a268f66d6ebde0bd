import type { Answer } from '#planner/answer.ts'
import { scrolling } from '../figure.ts'
import { type Html, html } from '../html.ts'

/** What to set, ready to copy: one click selects a whole line. */
export const settingsSection = ({ settings }: Answer): Html | undefined =>
  settings.length === 0
    ? undefined
    : html`<section><h2>Set</h2>
${scrolling(
  'Settings',
  html`<table class="settings"><tbody>${settings.map(
    ({ where, text }) => html`<tr><th scope="row">${where}</th><td><code>${text}</code></td></tr>
`,
  )}</tbody></table>`,
)}</section>`
