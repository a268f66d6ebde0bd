/** How a run ended, as a mark, a word and a sentence: never by colour alone. */
import type { JudgedExpectation, Status, Verdict } from '../../experiment/verdict.ts'
import { type Html, html } from '../html.ts'
import { counted } from '../quantities.ts'

const marks: Record<Status, string> = { passed: '✓', failed: '✗', 'not judged': '–', broken: '!' }

/** A status, or how many have it. */
export const badge = (status: Status, count?: number): Html =>
  html`<span class="badge ${status.replace(' ', '-')}"><span aria-hidden="true">${marks[status]}</span> ${count} ${status}</span>`

export const passMark = (passed: boolean): Html =>
  html`<span class="mark ${passed ? 'passed' : 'failed'}"><span aria-hidden="true">${passed ? '✓' : '✗'}</span> ${passed ? 'pass' : 'fail'}</span>`

/** What it comes to, and why if there is a reason. */
export function tally({ status, reason, expectations }: Verdict): string {
  const failed = expectations.filter(({ passed }) => !passed).length
  const all = counted(expectations.length, 'expectation')
  const words =
    expectations.length === 0
      ? 'Nothing was weighed'
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
