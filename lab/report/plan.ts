/** The answer to a plan's question as one HTML file: what to set, how it was found, and predicted against measured. */
import type { Machine } from '../experiment/verdict.ts'
import type { Answer } from '../planner/answer.ts'
import { html } from './html.ts'
import { page } from './page.ts'
import { againSection } from './plan/again.ts'
import { invitation, judgementSection } from './plan/judgement.ts'
import { planMasthead } from './plan/masthead.ts'
import { reasonsSection } from './plan/reasons.ts'
import { settingsSection } from './plan/settings.ts'
import { waysSection } from './plan/ways.ts'

/** How a question came to be asked. */
export interface Asked {
  /** As the person typed it. */
  command: string
  /** The same with a lab as judge; undefined where there is nothing that a lab could play. */
  confirming: string | undefined
  /** ISO 8601. */
  at: string
  machine: Omit<Machine, 'driver'>
}

export const planHtml = (answer: Answer, asked: Asked): string =>
  page(
    `${answer.question} – Spillway`,
    html`${planMasthead(answer, asked)}
${settingsSection(answer)}
${waysSection(answer)}
${answer.lab.length > 0 ? answer.lab.map(judgementSection) : invitation(asked)}
${reasonsSection(answer)}
${againSection(asked)}`,
  )
