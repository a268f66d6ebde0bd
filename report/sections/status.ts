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

/** How an expectation ended. */
export const endingOf = ({ passed, notJudged }: JudgedExpectation): 'passed' | 'failed' | 'not judged' =>
  notJudged !== null ? 'not judged' : passed ? 'passed' : 'failed'

/** The colour of an ending, as the style sheet names it. */
export const colourOf = (ending: Ending): string => looks[ending].colour

/** The mark of an expectation. */
export function endingMark(expectation: JudgedExpectation): Html {
  const ending = endingOf(expectation)
  return ending === 'not judged'
    ? html`<span class="mark not-judged"><span aria-hidden="true">${looks[ending].mark}</span> not judged</span>`
    : passMark(ending === 'passed')
}

/** The result in a sentence, with the reason if there is one. */
export function tally({ status, reason, expectations }: Verdict): string {
  const number = (ending: string): number => expectations.filter((one) => endingOf(one) === ending).length
  const [failed, unjudged] = [number('failed'), number('not judged')]
  const all = plural(expectations.length, 'expectation')
  const besides = unjudged === 0 ? '' : `${unjudged} of ${all} ${unjudged === 1 ? 'is' : 'are'} not judged`
  const words =
    expectations.length === 0
      ? 'No expectation was judged'
      : failed > 0
        ? `${failed} of ${all} ${failed === 1 ? 'does' : 'do'} not hold${besides === '' ? '' : `, and ${besides}`}`
        : besides === ''
          ? `All ${all} hold`
          : `${besides}; the others hold`
  if (reason === null) return `${words}.`
  const because = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`.replace(/\.?$/, '.')
  return status === 'not judged' && expectations.length > 0 ? `${because} ${words}.` : because
}

export const whoCounted: Record<JudgedExpectation['counted'], string> = {
  kernel: 'kernel',
  userspace: 'userspace',
  both: 'both',
}
