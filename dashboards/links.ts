/** Where the cells of tables lead: other boards, with the variables that the row stands for, and the page of a finding. */
import { type BoardName, uidOf } from './board.ts'
import { cell } from './tables.ts'

/** A board, at the same time and for what the row is about. Each of the labels must be a column of the table. */
export const toBoard = (name: BoardName, labels: readonly string[]): string => {
  const chosen = labels.map((label) => `&var-${label}=${cell(label)}`).join('')
  return `/d/${uidOf(name)}?\${datasource:queryparam}${chosen}&\${__url_time_range}`
}

/** What tells ports apart, as far as a board can choose. */
export const ofPort = ['job', 'instance', 'netns', 'port'] as const

/** The page that says why, and what to do. */
export const runbook = `https://github.com/spillway/spillway/blob/main/docs/findings/${cell('finding')}.md`
