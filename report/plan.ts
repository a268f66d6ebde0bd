/** The answer to a planning question as one HTML file: what to set, how it was found, and predicted against measured. */
import type { Answer } from '#planner/answer.ts'
import { html } from './html.ts'
import { page } from './page.ts'
import { againSection } from './plan/again.ts'
import type { Asked } from './plan/asked.ts'
import { invitation, judgementSection } from './plan/judgement.ts'
import { planMasthead } from './plan/masthead.ts'
import { reasonsSection } from './plan/reasons.ts'
import { settingsSection } from './plan/settings.ts'
import { waysSection } from './plan/ways.ts'

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
