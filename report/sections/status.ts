/** How a run ended, as a mark, a word and a sentence, never only by colour. */
import { plural } from '#common/quantities.ts'
import type { JudgedExpectation, Status, Verdict } from '#lab/experiment/verdict.ts'
import type { Judgement } from '#planner/answer.ts'
import { type Html, html } from '../html.ts'

/** Of an experiment, or of a lab's judgement of a plan. */
type Ending = Status | Judgement['verdict']

const looks: Record<Ending, { mark: string; colour: string }> = {
  passed: { mark: '✓', colour: 'passed' },
  agrees: { mark: '✓', colour: 'passed' },
  failed: { mark: '✗', colour: 'failed' },
  contradicts: { mark: '✗', colour: 'failed' },
  'not judged': { mark: '–', colour: 'not-judged' },
  broken: { mark: '!', colour: 'broken' },
}

/** A status, or how many have it. */
export const badge = (ending: Ending, count?: number): Html =>
  html`<span class="badge ${looks[ending].colour}"><span aria-hidden="true">${looks[ending].mark}</span> ${count} ${ending}</span>`

export const passMark = (passed: boolean, word = passed ? 'pass' : 'fail'): Html =>
  html`<span class="mark ${passed ? 'passed' : 'failed'}"><span aria-hidden="true">${passed ? '✓' : '✗'}</span> ${word}</span>`

/** The result in a sentence, with the reason if there is one. */
export function tally({ status, reason, expectations }: Verdict): string {
  const failed = expectations.filter(({ passed }) => !passed).length
  const all = plural(expectations.length, 'expectation')
  const words =
    expectations.length === 0
      ? 'No expectation was judged'
      : failed === 0
        ? `All ${all} hold`
        : `${failed} of ${all} ${failed === 1 ? 'does' : 'do'} not hold`
  if (reason === null) return `${words}.`
  const because = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`.replace(/\.?$/, '.')
  return status === 'not judged' && expectations.length > 0 ? `${because} ${words}.` : because
}

export const whoCounted: Record<JudgedExpectation['counted'], string> = {
  kernel: 'kernel',
  userspace: 'userspace',
  both: 'both',
}
